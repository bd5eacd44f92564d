/** One state of one view, at an address of its own. */
import type { ReactElement } from 'react';
import type { SurfaceProps } from '../surface/surface';
import { fails, type Fixtures, type FixtureStream } from './fixture-client';

export interface GalleryEntry {
  /** In the address: stays the same, for tests and pictures. */
  readonly id: string;
  readonly view: string;
  readonly state: string;
  readonly answers: Fixtures;
  /** It stands when absent. */
  readonly stream?: FixtureStream;
  /** What the person may not do; everything may be done when absent. */
  readonly refuses?: 'everything';
  readonly shows:
    { readonly path: string } | { readonly part: (surface: SurfaceProps) => ReactElement };
}

/** How a backend fails every view in the same way. */
export const unsuitable = fails(
  {
    code: 'DATABASE_UNSUITABLE',
    message: 'The database is SQLite. Expected: PostgreSQL 14 or newer. Found: better-sqlite3.',
    hint: 'Set vmMigrate.database to a URL of PostgreSQL, or to embedded for one of its own.',
  },
  503,
);
export const denied = fails({ code: 'ACCESS_DENIED', message: 'You may not do that.' }, 403);
export const unreachable = fails(
  {
    code: 'API_UNREACHABLE',
    message: 'The backend does not answer as vm-migrate. Found: Failed to fetch.',
    hint: 'Check the address and that the backend runs.',
    retry: 'later',
  },
  502,
);

export const FAILURES = [
  ['not allowed to read', denied],
  ['no suitable database', unsuitable],
  ['unreachable', unreachable],
] as const;

export function idOf(view: string, state: string): string {
  return `${view}-${state.replaceAll(/[^a-z0-9]+/gi, '-')}`;
}
