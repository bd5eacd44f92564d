import { teardowns } from './global-setup';

export default async function globalTeardown(): Promise<void> {
  for (const teardown of teardowns().splice(0)) await teardown();
}
