/**
 * Extension points of the backend plugin: another plugin brings a kind of source or target. Entries
 * of `vmMigrate.sources` and `vmMigrate.targets` with that `kind` are then opened by it.
 */
import { createExtensionPoint } from '@backstage/backend-plugin-api';
import type { Mover, PlaceRow, Source, Target } from '@vm-migrate/engine';

/** An entry of the configuration: name, kind, and the kind's own options, unchecked. @public */
export type ConfiguredEntry = Pick<PlaceRow, 'name' | 'kind' | 'options'>;

/** How the entries of one kind of source are opened. @public */
export interface SourceKind {
  /** Of `vmMigrate.sources.<name>.kind`. */
  readonly kind: string;
  /**
   * Nothing is read yet. `address` of the source must be one that a mover can open (a folder, a
   * server): the mover is a program of its own, which this code is not part of.
   * @throws EngineError CONFIG_INVALID for options that do not fit
   */
  open(entry: ConfiguredEntry): Promise<Source>;
}

/** How the entries of one kind of target are opened. @public */
export interface TargetKind {
  /** Of `vmMigrate.targets.<name>.kind`. */
  readonly kind: string;
  /** @throws EngineError CONFIG_INVALID for options that do not fit */
  open(entry: ConfiguredEntry, deps: { readonly mover: Mover }): Promise<Target>;
}

/** Where a backend module adds its kinds. @public */
export interface VmMigrateKinds {
  /** @throws when the kind is there already */
  addSourceKind(kind: SourceKind): void;
  /** @throws when the kind is there already */
  addTargetKind(kind: TargetKind): void;
}

/** Of the backend plugin. @public */
export const vmMigrateKindsExtensionPoint = createExtensionPoint<VmMigrateKinds>({
  id: 'vm-migrate.kinds',
});
