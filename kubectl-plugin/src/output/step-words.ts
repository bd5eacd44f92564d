/** A step in the fewest words, for places where its kind is plain. */
import type { StepView } from '@vm-migrate/api';
import { printable } from './escape';

/** `write x.vmdk onto volume y` says under a disk's bar what `x.vmdk` says. */
export function stepWords({ words, kind }: StepView): string {
  const copied = kind === 'applyLayer' ? /^write (?<file>.*) onto volume \S+$/s.exec(words)?.groups?.['file'] : undefined;
  return printable(copied ?? words);
}
