/** Of the section `vmMigrate` of a test's backend, what is the same in most: one local target, and takeovers within seconds. */
import path from 'node:path';

/** @param folder the test's temporary folder */
export function migratesInto(folder: string) {
  return {
    stateFolder: path.join(folder, 'state'),
    targets: {
      here: {
        kind: 'local-directory',
        classes: { fast: { folder: path.join(folder, 'volumes'), default: true } },
      },
    },
    worker: { leaseSeconds: 5 },
  };
}
