/**
 * Every state of every view, without a backend. To add one: a line in `entries`, its answers in
 * `fixtures`. An entry is a page of ours at its path, or a part of an entity's page.
 */
import { ENTITY_ENTRIES } from './entries/entity';
import { FIELD_ENTRIES } from './entries/fields';
import { LIST_ENTRIES } from './entries/list';
import { MIGRATION_ENTRIES } from './entries/migration';
import { NEW_MIGRATION_ENTRIES } from './entries/new-migration';
import { OPERATIONS_ENTRIES } from './entries/operations';
import type { GalleryEntry } from './entry';

export const ENTRIES: readonly GalleryEntry[] = [
  ...LIST_ENTRIES,
  ...MIGRATION_ENTRIES,
  ...NEW_MIGRATION_ENTRIES,
  ...OPERATIONS_ENTRIES,
  ...ENTITY_ENTRIES,
  ...FIELD_ENTRIES,
];
