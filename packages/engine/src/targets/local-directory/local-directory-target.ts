/**
 * A Target that is a folder: volumes are raw files, VolumeSnapshots reflinks or sparse copies of
 * them. layout.ts says what lies where, docs/targets/local-directory.md how to use it.
 *
 * Several processes, and several stores, may work in one folder at the same time: every object has
 * a lock (local-objects.ts), and appears and disappears by one rename (publish.ts, removal.ts).
 */
import { EngineError } from '../../errors';
import type { Mover, VolumeMark } from '../../mover/mover';
import type {
  Inventory,
  Pending,
  Target,
  TargetCapabilities,
  Volume,
  VolumeSnapshot,
  VolumeSnapshotSpec,
  VolumeSpec,
} from '../target';
import { assertFirstMark } from '../adoption';
import type { Probeable, ProbeIo } from '../probe-io';
import { isPending } from '../target';
import { BackgroundJobs } from './background-jobs';
import { type DiskFiles, diskFiles } from './disk-files';
import { aboutFiles, isMissing } from './fs-errors';
import { isDnsLabel, type ObjectKind } from './layout';
import { LocalObjects, missing } from './local-objects';
import { localProbeIo } from './local-probe-io';
import type { LocalDirectoryOptions } from './options';
import { clearAllLeftovers, clearLeftovers, namesIn, removeObject } from './removal';
import { copyHow, type LocalClass, localClass } from './storage-class';
import {
  adoptSnapshot,
  assertHolds,
  findSnapshotIn,
  foreignSnapshot,
  makeSnapshot,
} from './volume-snapshots';
import {
  adoptVolume,
  findVolumeIn,
  foreignVolume,
  makeVolume,
  type RestoredContent,
  roundedSpec,
  swapMark,
} from './volumes';

export interface LocalDirectoryDeps {
  readonly mover: Mover;
  /** For tests: the world that can be stopped. */
  readonly files?: DiskFiles;
  /** How long a call waits for its own work before it answers Pending. */
  readonly patienceMs?: number;
  /** How long to wait for a writer that is just ending, or another process's mark. */
  readonly lockWaitMs?: number;
}

export class LocalDirectoryTarget implements Target, Probeable {
  readonly kind = 'local-directory';
  private readonly classes: readonly LocalClass[];
  private readonly objects: LocalObjects;
  private readonly files: DiskFiles;
  private readonly jobs: BackgroundJobs;

  constructor(
    readonly name: string,
    { classes }: LocalDirectoryOptions,
    private readonly deps: LocalDirectoryDeps,
  ) {
    this.files = deps.files ?? diskFiles;
    this.jobs = new BackgroundJobs(deps.patienceMs ?? 1_000);
    const entries = Object.entries(classes);
    this.classes = entries.map(([className, options]) =>
      localClass(className, options, options.default || entries.length === 1, this.files),
    );
    this.objects = new LocalObjects(name, this.classes, deps.lockWaitMs ?? 2_000);
  }

  async capabilities(): Promise<TargetCapabilities> {
    return { classes: await Promise.all(this.classes.map(one => one.describe())) };
  }

  ensureVolume(asked: VolumeSpec): Promise<Volume | Pending> {
    return this.ensureVolumeWith(asked, undefined);
  }

  ensureVolumeFrom(asked: VolumeSpec, from: string): Promise<Volume | Pending> {
    return this.ensureVolumeWith(asked, from);
  }

  private ensureVolumeWith(asked: VolumeSpec, from: string | undefined): Promise<Volume | Pending> {
    const spec = roundedSpec(asked);
    return aboutFiles(spec.name, async () => {
      const there = await this.objects.findVolume(spec.name);
      if (there !== undefined) return adoptVolume(this.files, there, spec, from);
      const storageClass = this.objects.classNamed(spec.storageClass);
      await storageClass.prepare();
      const reason =
        from === undefined ? `${spec.name} to be made` : `${from} to be restored to ${spec.name}`;
      return this.jobs.run(`volume ${spec.name}`, JSON.stringify([spec, from]), reason, signal =>
        this.objects.underObjectLock(storageClass, 'volume', spec.name, async () => {
          const meanwhile = await this.objects.findVolume(spec.name);
          if (meanwhile !== undefined) return adoptVolume(this.files, meanwhile, spec, from);
          await makeVolume(
            this.files,
            storageClass.folder,
            spec,
            await this.contentFor(spec, from, storageClass, signal),
          );
          return (await this.objects.presentVolume(spec.name)).volume;
        }),
      );
    });
  }

  private async contentFor(
    spec: VolumeSpec,
    from: string | undefined,
    into: LocalClass,
    signal: AbortSignal,
  ): Promise<RestoredContent | 'empty'> {
    if (from === undefined) {
      assertFirstMark(spec, { phase: 'empty', layerId: undefined });
      return 'empty';
    }
    const found = await this.objects.findSnapshot(from);
    if (found === undefined)
      throw missing(from, `the VolumeSnapshot that ${spec.name} is restored from`);
    const { snapshot } = found;
    if (snapshot.spec.storeId !== spec.mark.storeId)
      throw foreignSnapshot(snapshot, spec.mark.storeId);
    assertFirstMark(spec, { phase: 'holds', layerId: snapshot.spec.layerId });
    if (spec.sizeBytes < snapshot.sizeBytes) {
      throw new EngineError('VOLUME_UNEXPECTED', {
        where: { object: spec.name },
        expected: `at least the ${snapshot.sizeBytes} bytes of ${from}`,
        found: `${spec.sizeBytes} bytes`,
      });
    }
    // Between two classes nothing is shared: they may be two file systems.
    const how = snapshot.storageClass === into.name ? copyHow(await into.snapshots()) : 'sparse';
    return { from: snapshot, how, signal };
  }

  findVolume(name: string): Promise<Volume | undefined> {
    return aboutFiles(name, async () => (await this.objects.findVolume(name))?.volume);
  }

  mark(volume: string, expected: VolumeMark, next: VolumeMark): Promise<void> {
    return aboutFiles(volume, async () => {
      const storageClass = this.objects.classNamed(
        (await this.objects.presentVolume(volume)).volume.storageClass,
      );
      await this.objects.underVolumeLock(storageClass, volume, () =>
        this.objects.underWriterLock(volume, found => swapMark(this.files, found, expected, next)),
      );
    });
  }

  ensureVolumeSnapshot(spec: VolumeSnapshotSpec): Promise<VolumeSnapshot | Pending> {
    return aboutFiles(spec.name, async () => {
      const there = await this.objects.findSnapshot(spec.name);
      if (there !== undefined) return adoptSnapshot(this.files, there, spec);
      const storageClass = this.objects.classNamed(
        (await this.objects.presentVolume(spec.volume)).volume.storageClass,
      );
      const snapshots = await storageClass.snapshots();
      if (snapshots.how === 'none')
        throw await this.withoutSnapshots(storageClass, snapshots.reason);
      await storageClass.prepare();
      return this.jobs.run(
        `volume-snapshot ${spec.name}`,
        JSON.stringify(spec),
        `${spec.volume} to be copied to ${spec.name}`,
        signal =>
          this.objects.underObjectLock(storageClass, 'volume-snapshot', spec.name, async () => {
            const meanwhile = await this.objects.findSnapshot(spec.name);
            if (meanwhile !== undefined) return adoptSnapshot(this.files, meanwhile, spec);
            return this.objects.underObjectLock(storageClass, 'volume', spec.volume, () =>
              this.objects.underWriterLock(spec.volume, async volume => {
                assertHolds(volume, spec);
                await makeSnapshot(this.files, storageClass.folder, volume, spec, {
                  how: copyHow(snapshots),
                  signal,
                });
                return (await this.objects.presentSnapshot(spec.name)).snapshot;
              }),
            );
          }),
      );
    });
  }

  remove(
    kind: ObjectKind,
    name: string,
    storeId: string,
    ofMigrations?: ReadonlySet<string>,
  ): Promise<void | Pending> {
    return aboutFiles(name, async () => {
      const answers = [];
      for (const storageClass of this.classes)
        answers.push(await this.removeFrom(storageClass, kind, name, { storeId, ofMigrations }));
      return answers.find(answer => answer !== undefined && isPending(answer));
    });
  }

  private async removeFrom(
    storageClass: LocalClass,
    kind: ObjectKind,
    name: string,
    { storeId, ofMigrations }: { storeId: string; ofMigrations: ReadonlySet<string> | undefined },
  ): Promise<void | Pending> {
    const { folder } = storageClass;
    await storageClass.prepare();
    const isLeft = (migrationId: string) => ofMigrations?.has(migrationId) === false;
    const work = `remove for ${storeId} ${[...(ofMigrations ?? [])].join(' ')}`;
    return this.jobs.run(`${kind} ${name}`, work, `${name} to be removed`, () =>
      this.objects.underObjectLock<void>(storageClass, kind, name, async () => {
        const remove = async () => removeObject(this.files, folder, kind, name, storeId);
        if (kind === 'volume') {
          const found = await findVolumeIn(folder, name);
          if (found !== undefined && found.record.mark.storeId !== storeId)
            throw foreignVolume(found, storeId);
          if (found !== undefined && isLeft(found.record.mark.migrationId)) return;
          if (found !== undefined) await this.objects.underWriterLock(name, remove);
        } else {
          const found = await findSnapshotIn(folder, storageClass.name, name);
          if (found !== undefined && found.snapshot.spec.storeId !== storeId)
            throw foreignSnapshot(found.snapshot, storeId);
          if (found !== undefined && isLeft(found.snapshot.spec.migrationId)) return;
          if (found !== undefined) await remove();
        }
        await clearLeftovers(this.files, folder, kind, name, storeId);
      }),
    );
  }

  async inventory(): Promise<Inventory> {
    const volumes: Volume[] = [];
    const volumeSnapshots: VolumeSnapshot[] = [];
    for (const { name, folder } of this.classes) {
      await aboutFiles(folder.root, async () => {
        for (const own of (await namesIn(folder.volumes)).filter(isDnsLabel)) {
          const found = await marked(findVolumeIn(folder, own));
          if (found !== undefined) volumes.push(found.volume);
        }
        for (const own of (await namesIn(folder.snapshots)).filter(isDnsLabel)) {
          const found = await marked(findSnapshotIn(folder, name, own));
          if (found !== undefined) volumeSnapshots.push(found.snapshot);
        }
      });
    }
    return { volumes, volumeSnapshots };
  }

  mover(): Mover {
    return this.deps.mover;
  }

  probeIo(): ProbeIo {
    return localProbeIo;
  }

  /** Removes what crashes left of this store's objects, where nobody is at work. Answers what was removed. For `cleanup`. */
  async removeLeftovers(storeId: string): Promise<readonly string[]> {
    const cleared = await Promise.all(
      this.classes.map(({ folder }) =>
        aboutFiles(folder.root, () => clearAllLeftovers(this.files, folder, storeId)),
      ),
    );
    return cleared.flat();
  }

  /** Stops copies that run in the background and waits for their end. */
  close(): Promise<void> {
    return this.jobs.close();
  }

  private async withoutSnapshots(storageClass: LocalClass, reason: string): Promise<EngineError> {
    const { classes } = await this.capabilities();
    const others = classes.filter(one => one.snapshots.how !== 'none').map(one => one.name);
    return new EngineError('CLASS_WITHOUT_SNAPSHOTS', {
      where: { object: storageClass.name },
      found: reason,
      hint:
        others.length === 0
          ? `No class of target ${this.name} takes snapshots.`
          : `These classes do: ${others.join(', ')}.`,
    });
  }
}

/** What carries no mark of ours is not ours to list, and what goes away while we look is gone. */
async function marked<T>(found: Promise<T | undefined>): Promise<T | undefined> {
  return found.catch(error => {
    if (isMissing(error) || (error instanceof EngineError && error.code === 'VOLUME_FOREIGN'))
      return undefined;
    throw error;
  });
}
