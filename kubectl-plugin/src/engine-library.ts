/**
 * The one place where the engine is loaded: with its database client and file formats it takes
 * longer to load than `version`, `--help` and completion may take in all.
 */
export type EngineLibrary = typeof import('@vm-migrate/engine');

let loaded: Promise<EngineLibrary> | undefined;

export function loadEngine(): Promise<EngineLibrary> {
  return (loaded ??= import('@vm-migrate/engine'));
}
