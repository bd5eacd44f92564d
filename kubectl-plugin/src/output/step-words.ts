/** A step in the fewest words, for places where its kind is plain. */
import type { StepView } from '@vm-migrate/api';
import { printable } from './escape';

/**
 * `write x.vmdk onto volume y` says under a disk's bar what `x.vmdk` says; a VolumeSnapshot is
 * known by what it is of. Everything else as the engine words it.
 */
export function stepWords({ words, kind }: Pick<StepView, 'words' | 'kind'>): string {
  return printable(SHORTER[kind]?.exec(words)?.groups?.['short'] ?? words);
}

const SHORTER: Readonly<Record<string, RegExp>> = {
  applyLayer: /^write (?<short>.*) onto volume \S+$/s,
  takeSnapshot:
    /^take (?<short>VolumeSnapshot) \S+ \(a fork\)$|^take VolumeSnapshot \S+ \((?<short>.*)\)$/s,
};
