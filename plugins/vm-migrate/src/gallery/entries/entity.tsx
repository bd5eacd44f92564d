/** What stands on the page of a VM's entity. */
import type { Entity } from '@backstage/catalog-model';
import { EntityCard } from '../../entity/entity-card';
import { EntityHistory } from '../../entity/entity-history';
import { GIB, progressOf, VM_ID, WAITS_FOR_PLACE } from '../../testing/views';
import { FAILURES, idOf, type GalleryEntry } from '../entry';
import { isSlow, type Fixtures } from '../fixture-client';
import { ago } from '../fixtures/build';
import { DESCRIPTIONS } from '../fixtures/migrations';
import { TREES } from '../fixtures/trees';

const vmEntity: Entity = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Resource',
  metadata: {
    name: `vm-${VM_ID}`,
    annotations: { 'vm-migrate.io/source': 'lab', 'vm-migrate.io/vm-id': VM_ID },
  },
  spec: { type: 'virtual-machine' },
};
const bareEntity: Entity = { ...vmEntity, metadata: { name: `vm-${VM_ID}` } };

function entityParts(state: string, answers: Fixtures, entity = vmEntity): GalleryEntry[] {
  return [
    {
      id: idOf('entity-tab', state),
      view: 'Tab of an entity',
      state,
      answers,
      shows: { part: surface => <EntityHistory entity={entity} {...surface} /> },
    },
    {
      id: idOf('entity-card', state),
      view: 'Card of an entity',
      state,
      answers,
      shows: { part: surface => <EntityCard entity={entity} {...surface} /> },
    },
  ];
}

export const ENTITY_ENTRIES: readonly GalleryEntry[] = [
  ...entityParts('before', { getMigrations: [], getTree: TREES.before }),
  ...entityParts('running', {
    getMigrations: [DESCRIPTIONS.running.migration],
    getTree: TREES.running,
  }),
  ...entityParts('waiting', {
    getMigrations: [
      {
        ...DESCRIPTIONS.running.migration,
        progress: progressOf(0, 48 * GIB),
        waits: { for: WAITS_FOR_PLACE, since: ago(301) },
      },
    ],
    getTree: TREES.running,
  }),
  ...entityParts('failed', {
    getMigrations: [DESCRIPTIONS.failed.migration],
    getTree: TREES.failed,
  }),
  ...entityParts('migrated', {
    getMigrations: [DESCRIPTIONS.migrated.migration],
    getTree: TREES.migrated,
  }),
  ...entityParts('loading', { getMigrations: isSlow }),
  ...FAILURES.flatMap(([state, failure]) => entityParts(state, { getMigrations: failure })),
  ...entityParts('without annotations', {}, bareEntity),
];
