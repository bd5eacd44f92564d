import { buildPlan } from '../../packages/engine/src/plan/build-plan';
import type { Plan } from '../../packages/engine/src/plan/plan';
import { parsePlan } from '../../packages/engine/src/plan/parse-plan';
import { planInput, storageClass } from '../../packages/engine/src/testing/plan-input';
import type { Bundle } from './bundle-file';
import { description, events, tree } from './testing/fixtures';
import { redactBundle } from './redact-bundle';

const DISKS = {
  'scsi0:0': 'B[10+2](S1) -> D1[3](S2) -> D5*;  B -> D3[4](S3)',
  'scsi0:1': 'C[5](S2) -> E[1]*',
};

interface Names {
  readonly source: string;
  readonly target: string;
  /** Of the first disk, of the second, and one that no disk uses. */
  readonly classes: readonly [string, string, string];
}

function bundleWith({ source, target, classes: [first, second, other] }: Names): Bundle {
  const plan = buildPlan(
    planInput(
      DISKS,
      { storageClass: first, storageClassByDisk: { 'scsi0:1': second }, namePrefix: 'shop-web' },
      {
        source,
        target,
        capabilities: {
          classes: [first, second, other].map(name => storageClass({ name, isDefault: false })),
        },
      },
    ),
  );
  const message = `1 error: class ${other} of target ${target} is full, source:${source} waits.`;
  return {
    kind: 'vm-migrate bundle',
    version: 1,
    madeAt: '2026-11-23T12:00:00.000Z',
    versions: { 'vm-migrate': '0.1.0' },
    redacted: true,
    plan,
    tree: { ...tree('migrated'), source },
    description: description('migrated'),
    events: events().map(event => ({ ...event, message })),
  };
}

/** Fields whose words are the plan's own: a name that happens to be the same word is no name there. */
const OWN = new Set(
  'role atEnd purpose kind access power flag format severity cutCurrent rule'.split(' '),
);

/** Everything but what is called how: numbers and own words as they are, other texts as the order in which each was first met. */
function shapeOf(plan: Plan): unknown {
  const met = new Map<string, number>();
  const shape = (value: unknown): unknown => {
    if (typeof value === 'string') {
      if (!met.has(value)) met.set(value, met.size);
      return met.get(value);
    }
    if (Array.isArray(value)) return value.map(shape);
    if (typeof value !== 'object' || value === null) return value;
    return Object.entries(value).map(([key, item]) => {
      if (OWN.has(key)) return [key, item];
      // The only record whose keys are names.
      return [key, shape(key === 'configDigests' ? Object.entries(item as object) : item)];
    });
  };
  const { digest: _digest, findings, ...rest } = plan;
  return shape({ ...rest, findings: findings.map(({ kind, severity }) => ({ kind, severity })) });
}

const CASES: readonly (readonly [string, Names])[] = [
  ['plain ones', { source: 'lab', target: 'plant7', classes: ['gold', 'silver', 'bronze'] }],
  [
    'words that plans use themselves',
    { source: 'main', target: 'snapshot', classes: ['keep', 'frozen', 'remove'] },
  ],
  [
    'one inside the other',
    { source: 'ceph', target: 'ceph-rbd', classes: ['ceph-rbd-fast', 'rbd', 'ceph-rbd-slow'] },
  ],
];

describe.each(CASES)('a redacted bundle of a place with names: %s', (_what, names) => {
  const bundle = bundleWith(names);
  const configured = [names.source, names.target, ...names.classes];

  it('names neither source, target nor storage class, used or not', async () => {
    const { plan, events: told } = await redactBundle(bundle, configured);
    const named = JSON.stringify([
      plan.vm.source,
      plan.target,
      plan.options,
      plan.steps.map(step => step.storageClass),
      plan.volumes.map(volume => [volume.storageClass, volume.name]),
      plan.totals.space,
      plan.findings.map(({ id, object, cause }) => [id, object, cause]),
      told.map(({ message }) => message),
    ]).replaceAll(/"(?:rule|cutCurrent|keep|leaveOutDisks)":/g, '');
    for (const name of [...configured, 'shop-web', 'web-1'])
      expect(named).not.toMatch(new RegExp(`(?<![\\w-])${name}(?![\\w-])`));
  });

  it('calls one thing by one word everywhere, and two things by two', async () => {
    const { plan } = await redactBundle(bundle, configured);
    const wordOf = new Map<string, string>();
    bundle.plan.steps.forEach((step, index) => {
      const word = plan.steps[index]?.storageClass ?? '';
      expect(wordOf.get(step.storageClass) ?? word).toBe(word);
      wordOf.set(step.storageClass, word);
    });
    expect(new Set(wordOf.values()).size).toBe(2);
    expect(plan.options.storageClass).toBe(wordOf.get(names.classes[0]));
    expect(plan.options.storageClassByDisk).toEqual({ 'scsi0:1': wordOf.get(names.classes[1]) });
    expect(new Set([plan.vm.source, plan.target, ...wordOf.values()]).size).toBe(4);
  });

  it('is a plan that can be replayed, of the same shape', async () => {
    const { plan } = await redactBundle(bundle, configured);
    expect(parsePlan(JSON.stringify(plan), 'bundle.json')).toEqual(plan);
    expect(shapeOf(plan)).toEqual(shapeOf(bundle.plan));
    expect(plan.digest).not.toBe(bundle.plan.digest);
  });

  it('shares no word with the bundle that is made next', async () => {
    const [one, two] = [
      await redactBundle(bundle, configured),
      await redactBundle(bundle, configured),
    ];
    expect(one.plan.target).not.toBe(two.plan.target);
  });
});

it('keeps times and states although a snapshot is called like a part of them', async () => {
  const bundle = bundleWith(CASES[0]?.[1] as Names);
  const plan = {
    ...bundle.plan,
    tree: {
      ...bundle.plan.tree,
      snapshots: bundle.plan.tree.snapshots.map(each => ({ ...each, name: '11' })),
    },
  };
  const made = await redactBundle({ ...bundle, plan });
  expect(made.madeAt).toBe(bundle.madeAt);
  expect(made.tree.nodes.map(node => node.createdAt)).toEqual(
    bundle.tree.nodes.map(node => node.createdAt),
  );
});
