/**
 * Who may do what: every operation by every kind of person, and that nothing of a migration reaches
 * a person who may not read it. Real PostgreSQL, Backstage's own registry of rules.
 */
import path from 'node:path';
import { mockCredentials } from '@backstage/backend-test-utils';
import { AuthorizeResult, type Permission } from '@backstage/plugin-permission-common';
import type { PolicyDecision } from '@backstage/plugin-permission-common';
import {
  ANNOTATION_SOURCE,
  ANNOTATION_VM_ID,
  migrationReadPermission,
  migrationControlPermission,
  OPERATIONS,
  setVmEntities,
  type ApiError,
  type OperationInput,
  type OperationName,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { ResourcePermission } from '@backstage/plugin-permission-common';
import { tempFolder } from '../../../packages/engine/src/testing/temp-folder';
import {
  emptyTestDatabase,
  type TestDatabase,
} from '../../../packages/engine/src/testing/test-database';
import { writeSmallVm } from '../../../test/kill/small-vm';
import { createMigrationConditionalDecision, migrationConditions } from './permissions/rules';
import { backendUnderTest, type BackendUnderTest } from './testing/backend-under-test';

/** May do everything. */
const OPS = 'user:default/ops';
/** Owns one VM, and may start and plan. */
const ANN = 'user:default/ann';
/** May read every migration and steer none. */
const CARL = 'user:default/carl';
/** May do nothing. */
const BOB = 'user:default/bob';

const NOBODYS = 'm-zzzzzzzz';

describe('permissions', () => {
  const folder = tempFolder();
  let database: TestDatabase;
  let backend: BackendUnderTest;
  const entities: { readers: string[]; entity: ReturnType<typeof entityOf> }[] = [];
  let anns = '';
  let other = '';
  let vmOfOther = '';

  beforeAll(async () => {
    database = await emptyTestDatabase();
    for (const [name, seed] of [
      ['one', 1],
      ['two', 2],
      ['three', 3],
      ['four', 4],
    ] as const)
      writeSmallVm(path.join(folder, 'vms', name), { seed, baseBytes: 64 * 1024 });
    const section = (entity: string) => ({
      readers: [OPS, ANN],
      entity: entityOf(entity),
    });
    backend = await backendUnderTest({
      policy,
      entities,
      database: { client: 'better-sqlite3', connection: ':memory:' },
      section: {
        database: { url: database.url },
        stateFolder: path.join(folder, 'state'),
        sources: { lab: { kind: 'vm-directory', folder: path.join(folder, 'vms') } },
        worker: { enabled: false },
      },
    });
    await backend.ready();
    const ops = backend.as(OPS);
    const vms = await ops.call('getVms', {});
    const one = vms.find(({ name }) => name === 'small 1');
    vmOfOther = vms.find(({ name }) => name === 'small 2')?.id ?? '';
    entities.push(section(one?.id ?? ''));
    anns = (await ops.call('start', { vm: 'lab/small 1' })).migration;
    other = (await ops.call('start', { vm: 'lab/small 2' })).migration;
  }, 360_000);
  afterAll(async () => {
    await backend?.stop();
    await database?.drop();
  });

  const INPUTS: { readonly [Name in OperationName]: () => OperationInput<Name> } = {
    getSources: () => ({}),
    getTargets: () => ({}),
    getVms: () => ({}),
    getMigrations: () => ({}),
    countMigrations: () => ({}),
    getLayers: () => ({}),
    getSnapshots: () => ({}),
    getObjects: () => ({}),
    getWorkers: () => ({}),
    getQueue: () => ({}),
    getTree: () => ({ vm: 'lab/small 2' }),
    getStatus: () => ({}),
    describe: () => ({ migration: other }),
    getEvents: () => ({}),
    getReport: () => ({ migration: other }),
    getLimits: () => ({}),
    getPlace: () => ({}),
    plan: () => ({ vm: 'lab/small 2' }),
    start: () => ({ vm: 'lab/small 2' }),
    pause: () => ({ migration: other }),
    resume: () => ({ migration: other }),
    retry: () => ({ migration: other }),
    cancel: () => ({ migration: NOBODYS, objects: 'keep-all' }),
    verify: () => ({ migration: other }),
    setLimit: () => ({ scope: 'vm', maxRunning: 4 }),
    recover: () => ({ vm: 'lab/small 2' }),
    cleanup: () => ({}),
  };

  it.each(Object.keys(OPERATIONS) as OperationName[])(
    '%s is refused to whoever may do nothing',
    async name => {
      expect(await outcome(BOB, name)).toBe('ACCESS_DENIED');
    },
  );

  /** Of the migration that is not Ann's; whoever may do everything gets an answer, or the engine's own refusal. */
  it.each([
    ['getSources', 'ok', 'ok'],
    ['getTargets', 'ok', 'ok'],
    ['getVms', 'ok', 'ok'],
    ['getMigrations', 'ok', 'ok'],
    ['countMigrations', 'ok', 'ok'],
    ['getLayers', 'ok', 'ok'],
    ['getSnapshots', 'ok', 'ok'],
    ['getObjects', 'ok', 'ok'],
    ['getWorkers', 'ok', 'ok'],
    ['getQueue', 'ok', 'ok'],
    ['getTree', 'ok', 'ok'],
    ['getStatus', 'ok', 'ok'],
    ['describe', 'NOT_FOUND', 'ok'],
    ['getEvents', 'ok', 'ok'],
    ['getReport', 'NOT_FOUND', 'ok'],
    ['getLimits', 'ok', 'ok'],
    ['getPlace', 'ok', 'ok'],
    ['plan', 'ok', 'ACCESS_DENIED'],
    ['start', 'STATE_REFUSED', 'ACCESS_DENIED'],
    ['pause', 'NOT_FOUND', 'ACCESS_DENIED'],
    ['resume', 'NOT_FOUND', 'ACCESS_DENIED'],
    ['retry', 'NOT_FOUND', 'ACCESS_DENIED'],
    ['cancel', 'NOT_FOUND', 'NOT_FOUND'],
    ['verify', 'NOT_FOUND', 'ACCESS_DENIED'],
    ['setLimit', 'ACCESS_DENIED', 'ACCESS_DENIED'],
    ['recover', 'ACCESS_DENIED', 'ACCESS_DENIED'],
    ['cleanup', 'ACCESS_DENIED', 'ACCESS_DENIED'],
  ] as [OperationName, string, string][])(
    '%s of another: the owner of one VM %s, who only reads %s',
    async (name, ann, carl) => {
      expect([await outcome(ANN, name), await outcome(CARL, name)]).toEqual([ann, carl]);
    },
  );

  it('nothing of a migration reaches a person who may not read it', async () => {
    const ann = backend.as(ANN);
    const everything = JSON.stringify([
      await ann.call('getMigrations', {}),
      await ann.call('getMigrations', { migration: other }),
      await ann.call('getMigrations', { vmPart: 'small', sort: { by: 'progress', order: 'asc' } }),
      await ann.call('getStatus', {}),
      await ann.call('getLayers', {}),
      await ann.call('getSnapshots', {}),
      await ann.call('getObjects', {}),
      await ann.call('getObjects', { migrations: [anns, other] }),
      await ann.call('getEvents', {}),
      await ann.call('getQueue', {}),
      await ann.call('getQueue', { migration: other }),
      await ann.call('getEvents', { migration: other }),
      await ann.call('getVms', {}),
      await ann.call('getTree', { vm: 'lab/small 2' }),
      await ann.call('getPlace', {}),
      await ann.call('getWorkers', {}),
    ]);
    expect(everything).toContain(anns);
    expect(everything).not.toContain(other);
    expect((await ann.call('getPlace', {})).migrations.running).toBe(1);
    expect((await ann.call('countMigrations', {})).total).toBe(1);
    expect((await ann.call('countMigrations', { migration: other })).total).toBe(0);
    expect((await ann.call('countMigrations', { vmPart: 'small 2' })).total).toBe(0);
    // By its id: words as `2` are in ids of others as well.
    expect((await ann.call('countMigrations', { text: other })).total).toBe(0);
    expect((await backend.as(CARL).call('countMigrations', { text: other })).total).toBe(1);
    expect((await backend.as(CARL).call('countMigrations', {})).byState.running).toBe(2);
    expect((await backend.as(CARL).call('getPlace', {})).migrations.running).toBe(2);
    expect(await failure(ANN, other)).toEqual(
      JSON.parse(JSON.stringify(await failure(ANN, NOBODYS)).replaceAll(NOBODYS, other)),
    );
  });

  it('an owner steers his own migration, and the stream tells him of no other', async () => {
    const stop = new AbortController();
    const ops = backend.as(OPS);
    const seen: (string | null)[] = [];
    const watching = (async () => {
      for await (const event of backend.as(ANN).events({ signal: stop.signal, after: 0 })) {
        seen.push(event.migration);
        if (event.kind === 'resumed') stop.abort();
      }
    })();
    try {
      await ops.call('pause', { migration: other });
      await backend.as(ANN).call('pause', { migration: anns });
      const [mine] = await backend.as(ANN).call('getMigrations', { migration: anns });
      expect(mine).toMatchObject({ state: 'paused', owner: ANN });
      await ops.call('resume', { migration: other });
      await backend.as(ANN).call('resume', { migration: anns });
      await watching;
      expect(new Set(seen)).toEqual(new Set([anns]));
    } finally {
      stop.abort();
    }
  }, 30_000);

  it('a VM whose entity a person may not read is none that he may start', async () => {
    await expect(
      backend.as('user:default/dora').call('start', { vm: 'lab/small 1' }),
    ).rejects.toMatchObject({ code: 'VM_NOT_FOUND', status: 404 });
  });

  describe('which entity a VM is', () => {
    const bobs = () => ({
      vms: [{ source: 'lab', id: vmOfOther, entity: 'resource:default/two', owner: BOB }],
    });

    it('nobody but the catalog may say', async () => {
      for (const by of [
        { baseUrl: () => backend.url, token: () => mockCredentials.user.token(OPS) },
        backend.ofPlugin('scaffolder'),
      ])
        await expect(setVmEntities(by, bobs())).rejects.toMatchObject({
          code: 'ACCESS_DENIED',
          status: 403,
        });
      const [there] = await backend.as(OPS).call('getMigrations', { migration: other });
      expect(there).toMatchObject({ entity: null, owner: null });
    });

    it('and it names the field that is wrong', async () => {
      const [vm] = bobs().vms;
      const wrong = { vms: [{ ...vm, owner: 'bob' }] } as ReturnType<typeof bobs>;
      await expect(setVmEntities(backend.ofPlugin('catalog'), wrong)).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringMatching(/vms\.0\.owner/) as string,
      });
    });

    it('the catalog does, and from then on the owner steers it; again changes nothing', async () => {
      const catalog = backend.ofPlugin('catalog');
      const eve = 'user:default/eve';
      const hers = { vms: bobs().vms.map(vm => ({ ...vm, owner: eve })) };
      expect(await backend.as(eve).call('getMigrations', {})).toEqual([]);
      expect(await setVmEntities(catalog, hers)).toEqual({ changed: 1 });
      expect(await setVmEntities(catalog, hers)).toEqual({ changed: 0 });
      expect(await backend.as(eve).call('getMigrations', {})).toEqual([
        expect.objectContaining({ id: other, entity: 'resource:default/two', owner: eve }),
      ]);
      const events = await backend.as(eve).call('getEvents', { migration: other });
      expect(events.filter(({ kind }) => kind === 'entity')).toEqual([
        expect.objectContaining({ actor: 'plugin:catalog' }),
      ]);
      expect(backend.audited.filter(({ eventId }) => eventId === 'set-entities')).toEqual([
        {
          eventId: 'set-entities',
          meta: { actor: 'plugin:catalog', vms: 1 },
          outcome: 'succeeded',
        },
        {
          eventId: 'set-entities',
          meta: { actor: 'plugin:catalog', vms: 1 },
          outcome: 'succeeded',
        },
      ]);
    });
  });

  describe('an entity that anybody registered', () => {
    const mallory = 'user:default/mallory';
    const eve = 'user:default/eve';
    const start = () => ({ vm: 'lab/small 3' });
    let third = '';

    beforeAll(async () => {
      const vms = await backend.as(OPS).call('getVms', {});
      const id = vms.find(({ name }) => name === 'small 3')?.id ?? '';
      const real = entityOf(id, { name: 'small-3', owner: eve, from: 'vm-migrate:lab' });
      // First by name, with the very annotations of the VM.
      const claim = entityOf(id, { name: 'aaa', owner: mallory, from: 'url:https://git/aaa.yaml' });
      entities.push(
        { entity: claim, readers: [OPS, ANN, mallory] },
        { entity: real, readers: [OPS, ANN, eve] },
      );
      third = (await backend.as(OPS).call('start', start())).migration;
    });

    it('owns no migration of the VM that it says it is', async () => {
      const [row] = await backend.as(OPS).call('getMigrations', { migration: third });
      expect(row).toMatchObject({ entity: 'resource:default/small-3', owner: eve });
      expect(await backend.as(mallory).call('getMigrations', {})).toEqual([]);
    });

    it('lets nobody start what the true one hides from him', async () => {
      await expect(backend.as(mallory).call('start', start())).rejects.toMatchObject({
        code: 'VM_NOT_FOUND',
        status: 404,
      });
    });

    it('beside another one that is no better leaves a VM without an owner, and hides nothing', async () => {
      const vms = await backend.as(OPS).call('getVms', {});
      const id = vms.find(({ name }) => name === 'small 4')?.id ?? '';
      const hand = entityOf(id, { name: 'small-4', owner: eve, from: 'url:https://git/4.yaml' });
      const claim = entityOf(id, { name: 'aa4', owner: mallory, from: 'url:https://git/aa4.yaml' });
      entities.push(
        { entity: claim, readers: [OPS, mallory, eve] },
        { entity: hand, readers: [OPS, eve] },
      );
      const start4 = { vm: 'lab/small 4' };
      await expect(backend.as(mallory).call('start', start4)).rejects.toMatchObject({
        code: 'VM_NOT_FOUND',
      });
      const { migration } = await backend.as(OPS).call('start', start4);
      const [row] = await backend.as(OPS).call('getMigrations', { migration });
      expect(row).toMatchObject({ entity: null, owner: null });
    });

    it.each([
      ['is done', "state = 'migrated'", 'STATE_REFUSED'],
      ['was given up', "state = 'canceled'", 'PLAN_BLOCKED'],
    ])('a migration that %s is not named to whoever may not read it', async (_, state, code) => {
      const db = await database.open();
      await db.query(`update vm_migrate.migration set ${state} where id = $1`, [third]);
      await db.query('update vm_migrate.volume set made_at = now() where migration_id = $1', [
        third,
      ]);
      const ann = backend.as(ANN);
      const options = { cutCurrent: true };
      const plan = await ann.call('plan', { ...start(), options });
      expect(JSON.stringify(plan)).not.toContain(third);
      const refusal = await ann
        .call('start', { ...start(), options })
        .catch((error: ApiError) => error);
      expect(refusal).toMatchObject({ code });
      expect(JSON.stringify((refusal as ApiError).data)).not.toContain(third);
      // Whoever may read it is told which one it is.
      const ops = await backend.as(OPS).call('plan', { ...start(), options });
      expect(JSON.stringify(ops.findings).includes(third)).toBe(code === 'PLAN_BLOCKED');
    });
  });

  async function outcome(user: string, name: OperationName): Promise<string> {
    try {
      await backend.as(user).call(name, INPUTS[name]() as never);
      return 'ok';
    } catch (error) {
      return (error as ApiError).code;
    }
  }

  async function failure(user: string, migration: string): Promise<unknown> {
    const error = await backend
      .as(user)
      .call('describe', { migration })
      .catch((thrown: ApiError) => thrown);
    return { data: (error as ApiError).data, status: (error as ApiError).status };
  }
});

function policy(user: string, permission: Permission): PolicyDecision {
  const allow = { result: AuthorizeResult.ALLOW } as const;
  const deny = { result: AuthorizeResult.DENY } as const;
  const looks = permission.attributes.action === 'read' && permission.name !== 'vm-migrate.plan';
  switch (user) {
    case OPS:
      return allow;
    case CARL:
      return looks ? allow : deny;
    case BOB:
      return deny;
    default:
      if ([migrationReadPermission.name, migrationControlPermission.name].includes(permission.name))
        return createMigrationConditionalDecision(
          permission as ResourcePermission<'vm-migrate-migration'>,
          migrationConditions.isOwner({ claims: [user] }),
        );
      return looks || ['vm-migrate.plan', 'vm-migrate.start'].includes(permission.name)
        ? allow
        : deny;
  }
}

function entityOf(
  vmId: string,
  { name = 'small-1', owner = ANN, from }: { name?: string; owner?: string; from?: string } = {},
) {
  return {
    apiVersion: 'backstage.io/v1beta1',
    kind: 'Resource',
    metadata: {
      name,
      annotations: {
        [ANNOTATION_SOURCE]: 'lab',
        [ANNOTATION_VM_ID]: vmId,
        ...(from === undefined ? {} : { 'backstage.io/managed-by-origin-location': from }),
      },
    },
    relations: [{ type: 'ownedBy', targetRef: owner }],
    spec: { type: 'virtual-machine', owner },
  };
}
