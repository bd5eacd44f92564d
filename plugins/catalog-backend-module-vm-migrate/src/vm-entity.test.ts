import {
  EntityPolicies,
  DefaultNamespaceEntityPolicy,
  FieldFormatEntityPolicy,
  SchemaValidEntityPolicy,
  resourceEntityV1alpha1Validator,
  type Entity,
} from '@backstage/catalog-model';
import type { VmView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { entityName } from './entity-name';
import { asProvided, migratedVmEntity, sourceOf, vmEntity, withSourceError } from './vm-entity';

const VM: VmView = {
  source: 'lab',
  id: '3f2a9c10d4e5b6a7',
  name: 'web 1',
  location: '/mnt/datastore1/web/web.vmx',
  snapshots: 4,
  migration: null,
  error: null,
};
const OPTIONS = { owners: { default: 'platform', rules: [] }, appUrl: 'https://backstage.example' };
const HOSTILE = ['', '   ', 'a\nb', '\u202eevil', 'x'.repeat(10_000), '../../etc', '日本', '%s{{'];

describe('names of entities', () => {
  it('say source and id where they can', () => {
    expect(entityName('lab', '3f2a9c10d4e5b6a7')).toBe('lab.3f2a9c10d4e5b6a7');
    expect(entityName('lab', 'vm-1042', 'cluster')).toBe('lab.vm-1042.cluster');
  });

  it('differ where source and id do, also without regard to case, and are names to the catalog', async () => {
    const parts = ['a', 'A', 'a-b', 'b', 'a.b', 'B', 'a_b', 'x'.repeat(80), ...HOSTILE];
    const pairs = parts.flatMap(source => parts.map(id => [source, id] as const));
    const names = pairs.map(pair => entityName(...pair).toLowerCase());
    expect(new Set(names).size).toBe(pairs.length);
    for (const [source, id] of pairs) await accepted(vmEntity({ ...VM, source, id }, OPTIONS));
  });
});

describe('the entity of a VM', () => {
  it('says what is known', async () => {
    const entity = vmEntity({ ...VM, migration: { id: 'm-abc', state: 'paused' } }, OPTIONS);
    await accepted(entity);
    expect(entity).toEqual({
      apiVersion: 'backstage.io/v1beta1',
      kind: 'Resource',
      metadata: {
        name: 'lab.3f2a9c10d4e5b6a7',
        title: 'web 1',
        annotations: {
          'backstage.io/managed-by-location': 'vm-migrate:lab',
          'backstage.io/managed-by-origin-location': 'vm-migrate:lab',
          'vm-migrate.io/source': 'lab',
          'vm-migrate.io/vm-id': '3f2a9c10d4e5b6a7',
          'vm-migrate.io/snapshots': '4',
          'vm-migrate.io/migration': 'm-abc',
          'vm-migrate.io/state': 'paused',
        },
        links: [
          { url: 'https://backstage.example/vm-migrate/migrations/m-abc', title: 'Migration' },
        ],
      },
      spec: { type: 'virtual-machine', owner: 'platform' },
    });
  });

  it('has the same name after a rename, and no path in it', () => {
    const [before, after] = [VM, { ...VM, name: 'renamed' }].map(vm => vmEntity(vm, OPTIONS));
    expect(after?.metadata).toMatchObject({ name: before?.metadata.name, title: 'renamed' });
    expect(JSON.stringify(before)).not.toContain('datastore1');
  });

  it.each(HOSTILE)('of a VM with the name %j is one to the catalog', async name => {
    const entity = vmEntity({ ...VM, name }, OPTIONS);
    await accepted(entity);
    expect(entity.metadata.title).toMatch(/^[^\p{Cc}\p{Cf}]{1,200}$/u);
  });
});

describe('the entity of a migrated VM', () => {
  const migrated = {
    migration: {
      id: 'm-abc',
      source: 'lab',
      vm: 'web 1',
      vmId: VM.id,
      target: 'cluster',
      createdAt: '2026-11-28T00:00:00Z',
    },
    namespace: 'vms',
    volumes: [{ disk: 'scsi0:0', name: 'web-1-scsi0-0-1a2b' }],
  };

  it('depends on the VM, and says target, namespace and volumes', async () => {
    const entity = migratedVmEntity(migrated, { ...OPTIONS, isThere: true });
    await accepted(entity);
    expect(entity).toMatchObject({
      metadata: {
        name: `lab.${VM.id}.cluster`,
        title: 'web 1 on cluster',
        annotations: {
          'vm-migrate.io/migrated-from': `resource:default/lab.${VM.id}`,
          'vm-migrate.io/migration': 'm-abc',
          'vm-migrate.io/target': 'cluster',
          'vm-migrate.io/namespace': 'vms',
          'vm-migrate.io/volumes': '{"scsi0:0":"web-1-scsi0-0-1a2b"}',
        },
      },
      spec: {
        type: 'migrated-virtual-machine',
        owner: 'platform',
        dependsOn: [`resource:default/lab.${VM.id}`],
      },
    });
    // By these two a VM is found, and this is none of the source's.
    expect(entity.metadata.annotations).not.toHaveProperty(['vm-migrate.io/vm-id']);
    expect(entity.metadata.annotations).not.toHaveProperty(['vm-migrate.io/source']);
  });

  it('depends on nothing that is not there', () => {
    const { spec } = migratedVmEntity(migrated, { ...OPTIONS, isThere: false });
    expect(spec).not.toHaveProperty('dependsOn');
  });
});

describe('an entity that the catalog has', () => {
  it('becomes what was said of it, and knows its source', () => {
    const said = vmEntity(VM, OPTIONS);
    const had: Entity = {
      ...said,
      metadata: { ...said.metadata, uid: 'u', etag: 'e', namespace: 'default' },
      relations: [{ type: 'ownedBy', targetRef: 'group:default/platform' }],
    };
    expect(asProvided(had)).toEqual({
      ...said,
      metadata: { ...said.metadata, namespace: 'default' },
    });
    expect(sourceOf(had)).toBe('lab');
    expect(withSourceError(said, 'SOURCE_UNREACHABLE: away').metadata.annotations).toMatchObject({
      'vm-migrate.io/source-error': 'SOURCE_UNREACHABLE: away',
    });
  });
});

/** By the rules that the catalog itself has for entities. */
async function accepted(entity: Entity): Promise<void> {
  const policy = EntityPolicies.allOf([
    new SchemaValidEntityPolicy(),
    new DefaultNamespaceEntityPolicy(),
    new FieldFormatEntityPolicy(),
  ]);
  expect(await policy.enforce(entity)).toBeDefined();
  expect(await resourceEntityV1alpha1Validator.check(entity)).toBe(true);
}
