/** A name that somebody at the source chose: it shows everything that is in it, and does nothing. */
import { printable } from '@vm-migrate/backstage-plugin-vm-migrate-common';

export function SourceText({ children }: { readonly children: string }) {
  // Isolated, so that a name that reads from right to left turns nothing around it.
  return <bdi>{printable(children)}</bdi>;
}
