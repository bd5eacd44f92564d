/** One colour for one kind of state, wherever it is shown. */
import type { Palette } from './style';

/** Of a migration, a step, a layer's flag or the words under a disk of the tree. */
export function stateColor(state: string): keyof Palette {
  if (state.startsWith('failed') || state.startsWith('not readable')) return 'red';
  if (/^(migrated|done|ready|proved|there)$/.test(state)) return 'green';
  if (/^(wait|running \(waits\)|paus|queued|migrated, )/.test(state)) return 'yellow';
  if (/^(running|copying)/.test(state)) return 'cyan';
  return 'dim';
}
