/**
 * A sentence of the engine, which speaks English whatever the page's language is: a step, an event, an
 * error, a reason. Names from the source in it show everything that is in them, and do nothing.
 */
import { printable } from '@vm-migrate/backstage-plugin-vm-migrate-common';

export function EngineText({ children }: { readonly children: string }) {
  return <bdi lang="en">{printable(children)}</bdi>;
}
