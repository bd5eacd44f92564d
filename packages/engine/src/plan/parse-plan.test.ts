import { planInput } from '../testing/plan-input';
import { buildPlan } from './build-plan';
import { parsePlan } from './parse-plan';
import type { Plan } from './plan';
import { planDigest } from './plan-digest';

const PLAN = buildPlan(
  planInput('B(S1) -> D1*; B -> D2(S2)', { sampleWindows: 2, keep: { rule: 'newest', count: 1 } }),
);
const parse = (plan: unknown): Plan => parsePlan(JSON.stringify(plan), 'plan.json');
const signed = (plan: Plan): Plan => ({ ...plan, digest: planDigest(plan) });

type Whole<T> = T extends readonly (infer Item)[]
  ? readonly Whole<Item>[]
  : T extends object
    ? { readonly [Field in keyof T]-?: Whole<T[Field]> }
    : T;

/** Every field that the contracts know: a new one does not compile until it stands here, and fails until the schema has it. */
const WHOLE_TREE: Whole<Plan['tree']> = {
  vm: {
    id: 'v',
    name: 'vm',
    location: 'l',
    biosUuid: 'u',
    guestOs: 'g',
    firmware: 'efi',
    cpus: 2,
    memoryMib: 512,
    networks: [{ name: 'n', adapter: 'a', mac: 'm' }],
    hardware: { controllers: { scsi0: 'pvscsi' }, secureBoot: true, vtpm: true },
    configDigests: { 'a.vmx': 'x' },
  },
  disks: [
    {
      id: 'd',
      label: 'scsi0:0',
      rootFile: 'B.vmdk',
      datastore: 'ds1',
      storagePolicy: 'gold',
      sizeBytes: 512,
      layers: [
        {
          id: 'B',
          diskId: 'd',
          parentId: 'A',
          file: 'B.vmdk',
          format: 'cowd',
          sizeBytes: 512,
          manifest: {
            descriptorSha256: '',
            cid: '',
            parentCid: '',
            files: [{ name: 'f', sizeBytes: 1, mtimeNs: '1', inode: '1', counters: { a: 'b' } }],
          },
          access: 'frozen',
          ownBytes: { data: 1, zero: 1 },
          shared: true,
        },
      ],
    },
  ],
  snapshots: [
    {
      id: '1',
      name: 's',
      description: '',
      createdAtUs: 1,
      quiesced: true,
      memory: true,
      parentId: '0',
      disks: [{ diskId: 'd', layerId: 'B', slot: 'scsi0:0' }],
    },
  ],
  current: { snapshotId: '1', power: 'off', disks: [] },
  findings: [
    {
      id: 'f',
      kind: 'k',
      severity: 'informs',
      object: 'o',
      cause: 'c',
      remedy: 'r',
      acceptable: true,
    },
  ],
};
const WHOLE_OPTIONS: Whole<Plan['options']> = {
  leaveOutDisks: ['d'],
  keep: { rule: 'age', maxAgeMs: 1, nowUs: 1 },
  storageClass: 'c',
  storageClassByDisk: { d: 'c' },
  namePrefix: 'p',
  moverImage: 'i',
  cutCurrent: 'always',
  sampleWindows: 1,
};

describe('a plan file', () => {
  it('comes back as it was written', () => {
    expect(parse(PLAN)).toEqual(PLAN);
  });

  it('may hold every field that the contracts know', () => {
    const whole = signed({ ...PLAN, tree: WHOLE_TREE, options: WHOLE_OPTIONS });
    expect(parse(whole)).toEqual(whole);
  });

  it.each<[string, unknown, RegExp]>([
    ['of another version', { ...PLAN, version: 2 }, /version 2/],
    ['that is no object', [1], /version none/],
    ['with a field too many', { ...PLAN, extra: 1 }, /extra/],
    [
      'with a path for a name',
      { ...PLAN, volumes: PLAN.volumes.map(each => ({ ...each, name: '../x' })) },
      /volumes.0.name: expected a DNS label/,
    ],
    [
      'with a size that is no integer',
      { ...PLAN, layers: PLAN.layers.map(each => ({ ...each, sizeBytes: 1e300 })) },
      /layers.0.sizeBytes/,
    ],
    [
      'with steps in a wrong order',
      { ...PLAN, steps: [...PLAN.steps].reverse() },
      /does not stand before it/,
    ],
    [
      'with a step of an unknown volume',
      { ...PLAN, volumes: [] },
      /names what the plan does not hold/,
    ],
    [
      'that was edited',
      { ...PLAN, options: { ...PLAN.options, sampleWindows: 0 } },
      /the file was changed/,
    ],
    ['whose finding was taken out', { ...PLAN, findings: [] }, /the file was changed/],
  ])('%s is refused', (_, content, found) => {
    expect(() => parse(content)).toThrow(
      expect.objectContaining({ code: 'PLAN_INVALID', found: expect.stringMatching(found) }),
    );
  });

  it('that is no JSON is refused by name', () => {
    expect(() => parsePlan('{', 'my.json')).toThrow(
      expect.objectContaining({ code: 'PLAN_INVALID', where: { file: 'my.json' } }),
    );
  });

  it('does not reach the prototype of anything', () => {
    const text = JSON.stringify(PLAN).replace(
      '"storageClassByDisk":{}',
      '"storageClassByDisk":{"__proto__":"x"}',
    );
    expect(text).toContain('__proto__');
    try {
      parsePlan(text, 'plan.json');
    } catch {
      // Refused or cleaned: both are fine.
    }
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});
