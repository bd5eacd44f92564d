/** Where things are in the app: pages are told, so that they know nothing of how the app routes. */
export interface Links {
  readonly migrations: () => string;
  /** `tab`: one of its page's; the history when absent. */
  readonly migration: (id: string, tab?: string) => string;
  /** `vm`: SOURCE/NAME that is chosen already. */
  readonly newMigration: (vm?: string) => string;
  readonly operations: () => string;
  /** Undefined: the app has no catalog. */
  readonly entity: ((entityRef: string) => string) | undefined;
}

/** Links of pages that are mounted under `root`, such as `/vm-migrate`. */
export function linksUnder(root: string, entity: Links['entity']): Links {
  const base = root.replace(/\/+$/, '');
  return {
    migrations: () => base,
    migration: (id, tab = 'history') =>
      `${base}/migrations/${encodeURIComponent(id)}${tab === 'history' ? '' : `/${tab}`}`,
    newMigration: vm => `${base}/new${vm === undefined ? '' : `?vm=${encodeURIComponent(vm)}`}`,
    operations: () => `${base}/operations`,
    entity,
  };
}
