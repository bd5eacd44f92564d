/** What something waits for, as the engine words it: with names from the source, and in the names of our own controls. */
import { EngineText } from './engine-text';
import { useControlWords } from './use-control-words';

export function Awaited({ children }: { readonly children: string }) {
  const inOurWords = useControlWords();
  return <EngineText>{inOurWords(children)}</EngineText>;
}
