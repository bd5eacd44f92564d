/** Removes an object from a target and waits for its end, however long the target takes. */
import { isPending, type Target } from '../targets/target';

/** Gone already is fine, and one of no migration in `ofMigrations` is left. @throws EngineError VOLUME_FOREIGN when it is another store's */
export async function removeObject(
  target: Target,
  kind: 'volume' | 'volume-snapshot',
  name: string,
  storeId: string,
  ofMigrations?: ReadonlySet<string>,
): Promise<void> {
  for (;;) {
    const answer = await target.remove(kind, name, storeId, ofMigrations);
    if (!answer || !isPending(answer)) return;
    await new Promise(resolve => setTimeout(resolve, answer.retryMs));
  }
}
