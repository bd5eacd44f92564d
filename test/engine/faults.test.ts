/**
 * A fault at every call: the k-th call of the target or the mover fails, before or after it had its
 * effect, for every k until a run meets no fault any more. Whatever k is, the migration ends and
 * equals the model.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { openTargetPlace } from '../../packages/engine/src/engine';
import { EngineError } from '../../packages/engine/src/errors';
import type { Mover } from '../../packages/engine/src/mover/mover';
import type { Target } from '../../packages/engine/src/targets/target';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { InProcessMover } from '../../packages/engine/src/testing/in-process-mover';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import {
  moverProgram,
  testEngine,
  type TestEngine,
} from '../../packages/engine/src/testing/test-engine';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';

const KIB = 1024;
/** Migrations side by side; each has its own counter. */
const MOST_OF_A_KIND = 8;

/** Calls that do something; what only looks cannot be half done, but it can fail. */
const TARGET_CALLS = [
  'ensureVolume',
  'ensureVolumeFrom',
  'findVolume',
  'mark',
  'ensureVolumeSnapshot',
  'remove',
] as const;
const MOVER_CALLS = ['attend'] as const;

/** Counts the calls on behalf of one VM and lets the k-th of them fail. */
class Fault {
  calls = 0;
  failed: string | undefined;

  /** The call of this kind with this number fails. */
  constructor(
    readonly kind: string,
    readonly at: number,
    readonly when: 'before' | 'after',
  ) {}

  async around<T>(name: string, call: () => Promise<T>): Promise<T> {
    const isIt = name === this.kind && this.calls === this.at;
    if (name === this.kind) this.calls += 1;
    if (isIt) this.failed = name;
    if (isIt && this.when === 'before') throw fault(name);
    const answer = await call();
    if (isIt) throw fault(name);
    return answer;
  }
}

function fault(name: string): EngineError {
  return new EngineError('VOLUME_IO', {
    where: { object: name },
    found: 'a fault of the test',
    retry: 'later',
  });
}

/** Wraps the named methods of an object; the rest is its own. */
function faulty<T extends object>(
  inner: T,
  methods: readonly (keyof T & string)[],
  faultOf: (args: unknown[]) => Fault | undefined,
): T {
  return new Proxy(inner, {
    get(of, key) {
      const value: unknown = Reflect.get(of, key);
      if (typeof value !== 'function') return value;
      const method = (...args: unknown[]): unknown => Reflect.apply(value, of, args);
      if (!methods.some(name => name === key)) return method;
      return (...args: unknown[]) => {
        const active = faultOf(args);
        return active === undefined
          ? method(...args)
          : active.around(String(key), async () => method(...args));
      };
    },
  });
}

describe('a fault at every call', () => {
  const folder = tempFolder();
  /** By what every name of a migration's objects begins with. */
  const faults = new Map<string, Fault>();
  let test: TestEngine;

  beforeAll(async () => {
    const faultOf = (args: unknown[]) => {
      const text = JSON.stringify(args);
      return [...faults].find(([prefix]) => text.includes(`${prefix}-`))?.[1];
    };
    const mover = faulty<Mover>(new InProcessMover(moverProgram()), MOVER_CALLS, faultOf);
    test = await testEngine(folder, {
      mover,
      openTarget: async (place, ofPlace) => {
        const target = await openTargetPlace(place, ofPlace);
        return faulty<Target>(target, TARGET_CALLS, faultOf);
      },
    });
    await test.engine.call('setLimit', { scope: 'all', maxRunning: 8 });
    await test.startWorker({ retryBaseMs: 20 });
    // Proved once, so that every run counts the same calls.
    await migrate('prove', undefined);
  }, 180_000);
  afterAll(() => test?.close());

  it.each(['before', 'after'] as const)(
    '%s its effect is survived',
    async when => {
      const kinds = [...TARGET_CALLS, ...MOVER_CALLS];
      const survived = await Promise.all(
        kinds.map(async (kind, nth) => {
          // Until there is no call of that number; how often a mover is asked has no end of its own.
          for (let at = 0; at < MOST_OF_A_KIND; at++) {
            const fault = new Fault(kind, at, when);
            await migrate(`${when}${nth}x${at}`, fault);
            if (fault.failed === undefined) return at;
          }
          return MOST_OF_A_KIND;
        }),
      );
      // Every kind of call was hit, so the wrappers are where the calls are.
      expect(kinds.filter((_, nth) => survived[nth] === 0)).toEqual([]);
    },
    360_000,
  );

  function left(prefix: string, kind: 'volumes' | 'snapshots'): string[] {
    return readdirSync(path.join(test.classFolder, kind)).filter(name =>
      name.startsWith(`${prefix}-`),
    );
  }

  async function migrate(name: string, fault: Fault | undefined): Promise<void> {
    const vm = smallVm(path.join(folder, name));
    if (fault !== undefined) faults.set(name, fault);
    const { migration } = await test.engine.call('start', {
      vm: vm.folder,
      options: { sampleWindows: 1, namePrefix: name },
    });
    try {
      await test.until(migration, ['migrated']);
      expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(5);
      expect(left(name, 'volumes')).toHaveLength(1);
      expect(left(name, 'snapshots')).toHaveLength(4);
      const flags = await test.engine.database.query<{ flag: string }>(
        'select distinct flag from vm_migrate.layer where migration_id = $1',
        [migration],
      );
      expect(flags).toEqual([{ flag: 'migrated' }]);
    } catch (error) {
      throw new Error(
        `fault ${fault?.when ?? ''} ${fault?.kind ?? ''} ${fault?.at ?? ''}: ${error instanceof Error ? error.message : String(error)}`,
      );
    } finally {
      faults.delete(name);
    }
  }
});

/** A fork, a leaf without a delta behind it, explicit zeros: every kind of step. */
function smallVm(folder: string): WrittenVm {
  const vm = new VmBuilder({ folder, name: 'small', seed: 5 });
  const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: 512 * KIB });
  const write = (offset: number, stream: number) =>
    vm.write(disk, offset * KIB, seededBytes(40 * KIB, stream));
  write(0, 1);
  write(256, 2);
  const first = vm.takeSnapshot('first');
  write(64, 3);
  vm.takeSnapshot('side');
  vm.revert(first);
  write(128, 4);
  vm.writeZeros(disk, 256 * KIB, 64 * KIB);
  vm.takeSnapshot('second');
  vm.takeSnapshot('leaf');
  write(300, 6);
  return vm.finish();
}
