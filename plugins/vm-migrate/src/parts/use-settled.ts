/** What a person chose, once the hand rests: a slider is moved through many, a name is typed letter by letter. */
import { useEffect, useState } from 'react';

const SETTLE_MS = 350;

/** `chosen` as it was before it began to change, until it has stayed the same for a moment. */
export function useSettled(chosen: string): string {
  const [settled, setSettled] = useState(chosen);
  useEffect(() => {
    if (chosen === settled) return undefined;
    const timer = setTimeout(() => setSettled(chosen), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [chosen, settled]);
  return settled;
}
