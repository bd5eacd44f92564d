/** The page of a new migration and what it stands beside: it keeps what the engine keeps, and its command is one that the CLI reads back. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { migrationOptions } from '../../kubectl-plugin/src/migration-options';
import { keptSnapshotIds } from '../../packages/engine/src/plan/keep-rules';
import type { Snapshot } from '../../packages/engine/src/sources/snapshot-tree';
import type { MigrationOptions } from '../../packages/api/src';
import { DAY_MS } from '../../plugins/vm-migrate/src/pages/new-migration/draft';
import { keptIds } from '../../plugins/vm-migrate/src/pages/new-migration/keep-preview';
import { startCommand } from '../../plugins/vm-migrate/src/pages/new-migration/start-command';

const NOW_MS = Date.UTC(2026, 10, 28);

/** Parents before children; some without a time, some at the same time. */
const history = fc
  .array(fc.tuple(fc.nat(), fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined })), {
    maxLength: 12,
  })
  .map(points =>
    points.map(([parent, days], index) => ({
      id: String(index + 1),
      name: `snapshot ${index + 1}`,
      description: '',
      ...(days === undefined ? {} : { createdAtUs: (NOW_MS - days * DAY_MS) * 1000 - 1 }),
      ...(index === 0 || parent % 5 === 0 ? {} : { parentId: String(1 + (parent % index)) }),
      kept: true,
      costBytes: 0,
      volumeSnapshotIds: [],
    })),
  );

describe('keep rules on the page', () => {
  // fast-check prints the seed of a failure.
  it('keep what the engine keeps', () => {
    fc.assert(
      fc.property(
        history,
        fc.nat(13),
        fc.integer({ min: 1, max: 6 }),
        (snapshots, newest, days) => {
          const of = (rule: 'newest' | 'age') =>
            keptIds(snapshots, { rule, newest, days, keptIds: undefined }, NOW_MS);
          const engines = snapshots as unknown as readonly Snapshot[];
          expect(of('newest')).toEqual(keptSnapshotIds(engines, { rule: 'newest', count: newest }));
          expect(of('age')).toEqual(
            keptSnapshotIds(engines, {
              rule: 'age',
              maxAgeMs: days * DAY_MS,
              nowUs: NOW_MS * 1000,
            }),
          );
        },
      ),
    );
  });
});

describe('the command that does the same', () => {
  /** As a shell hands it over. */
  const wordsOf = (command: string): string[] =>
    execFileSync('bash', ['-c', `set -- ${command}; printf '%s\\0' "$@"`], { encoding: 'utf8' })
      .split('\0')
      .slice(0, -1);

  const hostile = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter(text => !text.includes('\0'));
  const keep: fc.Arbitrary<NonNullable<MigrationOptions['keep']>> = fc.oneof(
    fc.record({ rule: fc.constant('newest' as const), count: fc.nat(99) }),
    fc.record({
      rule: fc.constant('names' as const),
      names: fc.array(hostile, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      rule: fc.constant('age' as const),
      maxAgeMs: fc.integer({ min: 1, max: 3_650 }).map(days => days * DAY_MS),
    }),
  );
  const options = fc.record<MigrationOptions>(
    {
      keep,
      target: hostile,
      storageClass: hostile,
      leaveOutDisks: fc.array(hostile, { minLength: 1, maxLength: 2 }),
      namePrefix: fc.constant('web'),
      sampleWindows: fc.nat(100),
    },
    { requiredKeys: [] },
  );

  it('is read back by the CLI as the same options, whatever the names hold', () => {
    fc.assert(
      fc.property(hostile, options, (vm, chosen) => {
        const words = wordsOf(
          startCommand({
            vm: `lab/${vm}`,
            options: chosen,
            planDigest: 'd'.repeat(64),
            accept: ['a b'],
          }),
        );
        expect(words.slice(0, 4)).toEqual(['kubectl', 'vm-migrate', 'start', `lab/${vm}`]);
        const flags = new Map<string, string[]>();
        for (let at = 4; at < words.length; at += 2) {
          const name = words[at] ?? '';
          flags.set(name, [...(flags.get(name) ?? []), words[at + 1] ?? '']);
        }
        const one = (name: string) => flags.get(name)?.[0];
        expect(one('--plan')).toBe('d'.repeat(12));
        expect(one('--accept')).toBe('a b');
        const sample = one('--sample');
        expect(
          migrationOptions({
            target: one('--target'),
            storageClass: one('--storage-class'),
            leaveOut: flags.get('--leave-out'),
            keep: flags.get('--keep'),
            namePrefix: one('--name-prefix'),
            sample: sample === undefined ? undefined : Number(sample),
          }),
        ).toEqual(chosen);
      }),
      { numRuns: 60 },
    );
  });

  it('says that none is kept', () => {
    const command = startCommand({
      vm: 'lab/web-1',
      options: { keep: { rule: 'names', names: [] } },
      planDigest: 'd'.repeat(64),
      accept: [],
    });
    expect(command).toBe('kubectl vm-migrate start lab/web-1 --keep newest=0 --plan dddddddddddd');
  });
});
