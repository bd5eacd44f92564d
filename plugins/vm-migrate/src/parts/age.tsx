/** How long ago something was; the moment itself on hover and for a screen reader. */
import { useSyncExternalStore } from 'react';
import { dateText, durationText } from './format';
import { useWords } from './use-words';

/** An age is told by the second at first; the page is not drawn again more often than this. */
const TICK_MS = 5_000;

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for all ages of a page. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    listeners.forEach(changed => changed());
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time by which ages are told, in ms since 1970. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

export function Age({ at }: { readonly at: string }) {
  const { t, language } = useWords();
  const age = useNow() - Date.parse(at);
  return (
    <time dateTime={at} title={dateText(at, language)}>
      {t('age', { time: durationText(age) })}
    </time>
  );
}
