/** From a VM to a migration of it: the choice of the VM, and its plan. */
import {
  classOf,
  descriptionOf,
  findingOf,
  migrationOf,
  planOf,
  sourceOf,
  targetOf,
  vmOf,
  volumeOf,
} from '../../testing/views';
import type { MigrationView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { createElement } from 'react';
import { SnapshotList } from '../../history/snapshot-list';
import { denied, FAILURES, idOf, type GalleryEntry } from '../entry';
import { fails, isSlow, type Fixtures } from '../fixture-client';
import { FAILED_PROOF, SOURCE_ERROR } from '../fixtures/places';
import { FORKED_PLAN, LONG_PLAN, PLAN_FINDINGS } from '../fixtures/plans';

/** Nothing of it runs now. */
const statusOf = (migration: MigrationView) => ({ ...migration, disks: [], now: [] });

const VOLUME = {
  id: 'disk-a-main',
  diskId: 'disk-a',
  role: 'main',
  name: 'web-1-scsi0-0-62f24a70bd',
  storageClass: 'fast',
  sizeBytes: 0,
  layers: [],
  atEnd: 'keep',
} as const;

function choice(state: string, answers: Fixtures): GalleryEntry {
  return {
    id: idOf('new', state),
    view: 'New migration: which VM',
    state,
    answers: { getVms: [], getSources: [sourceOf()], ...answers },
    shows: { path: '/new' },
  };
}

/** `chosen`: what the address says of it. */
function draft(
  state: string,
  answers: Fixtures,
  { refuses, chosen = '' }: { readonly refuses?: 'everything'; readonly chosen?: string } = {},
): GalleryEntry {
  return {
    id: idOf('draft', state),
    view: 'New migration: its plan',
    state,
    answers: { plan: planOf(), getTargets: [targetOf()], getMigrations: [], ...answers },
    ...(refuses === undefined ? {} : { refuses }),
    shows: { path: `/new?vm=lab%2Fweb-1${chosen}` },
  };
}

const noSuchVm = fails(
  {
    code: 'VM_NOT_FOUND',
    message: 'There is no VM lab/web-1.',
    hint: 'List them with: kubectl vm-migrate get vms lab',
  },
  404,
);

export const NEW_MIGRATION_ENTRIES: readonly GalleryEntry[] = [
  choice('choice', {
    getSources: [sourceOf(), sourceOf({ name: 'attic', vms: null, error: SOURCE_ERROR })],
    getVms: [
      vmOf({ name: 'web-1', snapshots: 4 }),
      vmOf({ name: 'db-1', migration: { id: 'm-1', state: 'running' } }),
      vmOf({ name: 'mail', migration: { id: 'm-2', state: 'migrated' } }),
      vmOf({ name: 'broken', error: 'Its .vmx cannot be read.' }),
    ],
  }),
  choice('500 VMs', {
    getVms: Array.from({ length: 500 }, (_, at) => vmOf({ name: `vm-${at + 1}`, snapshots: 39 })),
  }),
  choice('no VMs', {}),
  choice('no sources', { getSources: [] }),
  choice('loading', { getVms: isSlow, getSources: isSlow }),
  ...FAILURES.map(([state, failure]) => choice(state, { getVms: failure, getSources: failure })),
  draft('nothing to note', {}),
  draft('with findings', { plan: planOf({ findings: PLAN_FINDINGS }) }),
  draft('a finding that cannot be accepted', {
    plan: planOf({
      findings: [
        findingOf({
          id: 'no-space',
          kind: 'no-space',
          object: 'class fast',
          cause: 'The migration needs 4 GiB; 1 GiB is free.',
          remedy: 'Free space, choose another class with --storage-class, or keep fewer snapshots.',
          acceptable: false,
        }),
      ],
    }),
  }),
  draft('with forks', { plan: FORKED_PLAN }),
  draft('of 300 snapshots', { plan: LONG_PLAN }),
  draft('without snapshots', { plan: planOf({ snapshots: [], keepCosts: [] }) }),
  draft('a class that failed its proof', {
    getTargets: [
      targetOf({
        classes: [
          classOf({ name: 'fast', isDefault: true, proof: FAILED_PROOF }),
          classOf({ name: 'bulk', snapshots: { how: 'none', reason: 'No snapshot class fits.' } }),
        ],
      }),
    ],
  }),
  draft('targets that do not answer', { getTargets: denied }),
  draft('not allowed to start', {}, { refuses: 'everything' }),
  draft('a wrong prefix', {}, { chosen: '&prefix=Bad+Name!!' }),
  {
    id: idOf('draft', 'the next plan on its way'),
    view: 'New migration: its plan',
    state: 'the next plan on its way',
    answers: {},
    shows: {
      part: () =>
        createElement(SnapshotList, {
          plan: FORKED_PLAN,
          kept: new Set(['5', '6']),
          isPending: true,
        }),
    },
  },
  draft('of this very plan already migrated', {
    getMigrations: [migrationOf({ state: 'migrated' })],
    describe: descriptionOf(statusOf(migrationOf()), { planDigest: planOf().digest }),
  }),
  draft('migrated with other choices', {
    getMigrations: [migrationOf({ state: 'migrated' })],
    plan: planOf({ volumes: [VOLUME] }),
    describe: descriptionOf(statusOf(migrationOf()), {
      volumes: [volumeOf({ name: VOLUME.name })],
    }),
  }),
  draft('under way', { getMigrations: [migrationOf()] }),
  draft('migrated to another target', {
    getMigrations: [migrationOf({ state: 'migrated', target: 'attic' })],
  }),
  draft('loading', { plan: isSlow, getTargets: isSlow }),
  draft('no such VM', { plan: noSuchVm }),
  ...FAILURES.map(([state, failure]) => draft(state, { plan: failure, getTargets: failure })),
];
