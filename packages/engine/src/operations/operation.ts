/**
 * The contract of this folder: what an operation is given, and the table of all. An operation is a
 * query (looks) or a command (changes); its input schema and its answer are in @vm-migrate/api, its
 * words and tables on the surfaces.
 */
import type { OperationInput, OperationName } from '@vm-migrate/api';
import type { Source } from '../sources/source';
import type { Access, Caller } from './caller';
import type { Database } from '../store/database';
import type { PlaceRow } from '../store/store';
import type { Target } from '../targets/target';

export interface OperationContext {
  readonly database: Database;
  readonly storeId: string;
  /** Where the database is, for people, without a password. */
  readonly databaseName: string;
  /** Who asks, for events: `user@host`, a Backstage entity ref. */
  readonly actor: string;
  /** Which migrations there are for whoever asks, and which of them he may steer. */
  readonly access: Access;
  /** The VM in a catalog, when the surface has one. */
  readonly entityOf?: Caller['entityOf'];
  /** Target when none is named. */
  readonly defaultTarget: string | undefined;
  /** The cluster that kubectl would talk to; it becomes a row under a name of its own when it is first planned for. */
  readonly foundTarget?: FoundTarget;
  readonly openSource: (place: PlaceRow) => Promise<Source>;
  readonly openTarget: (place: PlaceRow) => Promise<Target>;
  /** A folder on this machine may be named as a VM (the CLI in its own process); over HTTP never. */
  readonly paths: 'allowed' | 'refused';
  /** Names in this program's configuration: where paths are refused, nothing else is offered. */
  readonly configured: { readonly source: readonly string[]; readonly target: readonly string[] };
}

/** A target that nobody configured. */
export interface FoundTarget {
  readonly name: string;
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export type Operation<Name extends OperationName, Answer> = (
  context: OperationContext,
  input: OperationInput<Name>,
) => Promise<Answer>;
