/**
 * Where the objects of a local-directory target are, over all its storage classes, and the locks
 * under which they are changed: one for each object (made, cut, marked or removed by one at a time),
 * and the writer's lock of a volume, which a mover holds while it writes.
 */
import path from 'node:path';

import { EngineError } from '../../errors';
import type { Pending } from '../target';
import { LOCK_FILE, objectLockPath, type ObjectKind } from './layout';
import { type HeldLock, lockWithin, tryObjectLock, tryWriterLock, withLock } from './object-lock';
import type { LocalClass } from './storage-class';
import { findSnapshotIn, type FoundSnapshot } from './volume-snapshots';
import { findVolumeIn, type FoundVolume } from './volumes';

export class LocalObjects {
  /** @param target its configured name, for errors */
  constructor(
    private readonly target: string,
    private readonly classes: readonly LocalClass[],
    private readonly lockWaitMs: number,
  ) {}

  /** @throws EngineError CLASS_NOT_FOUND */
  classNamed(name: string): LocalClass {
    const found = this.classes.find(one => one.name === name);
    if (found !== undefined) return found;
    throw new EngineError('CLASS_NOT_FOUND', {
      where: { object: this.target },
      expected: this.classes.map(one => one.name).join(', '),
      found: name,
    });
  }

  async findVolume(name: string): Promise<FoundVolume | undefined> {
    for (const { folder } of this.classes) {
      const found = await findVolumeIn(folder, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async findSnapshot(name: string): Promise<FoundSnapshot | undefined> {
    for (const one of this.classes) {
      const found = await findSnapshotIn(one.folder, one.name, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** @throws EngineError VOLUME_MISSING */
  async presentVolume(name: string): Promise<FoundVolume> {
    const found = await this.findVolume(name);
    if (found === undefined) throw missing(name, 'a volume');
    return found;
  }

  /** @throws EngineError VOLUME_MISSING */
  async presentSnapshot(name: string): Promise<FoundSnapshot> {
    const found = await this.findSnapshot(name);
    if (found === undefined) throw missing(name, 'a VolumeSnapshot');
    return found;
  }

  private tryLock(
    { folder }: LocalClass,
    kind: ObjectKind,
    name: string,
  ): Promise<HeldLock | undefined> {
    return tryObjectLock(objectLockPath(folder, kind, name));
  }

  /** `Pending` while another process has the lock. */
  async underObjectLock<T>(
    storageClass: LocalClass,
    kind: ObjectKind,
    name: string,
    work: () => Promise<T | Pending>,
  ): Promise<T | Pending> {
    const lock = await this.tryLock(storageClass, kind, name);
    if (lock === undefined)
      return {
        pending: true,
        retryMs: 500,
        reason: `another worker to finish with ${kind} ${name}`,
      };
    return withLock(lock, work);
  }

  /** Waits a moment for whoever makes, cuts or marks the volume. @throws EngineError VOLUME_BUSY */
  async underVolumeLock<T>(
    storageClass: LocalClass,
    volume: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const lock = await lockWithin(this.lockWaitMs, () =>
      this.tryLock(storageClass, 'volume', volume),
    );
    if (lock === undefined) throw busy(volume, 'another process that makes, cuts or marks it');
    return withLock(lock, work);
  }

  /** Nobody writes the volume while `work` runs, and what it is given was read under the lock. */
  async underWriterLock<T>(volume: string, work: (found: FoundVolume) => Promise<T>): Promise<T> {
    const { folder } = await this.presentVolume(volume);
    const lock = await lockWithin(this.lockWaitMs, () =>
      tryWriterLock(path.join(folder, LOCK_FILE)),
    );
    if (lock === undefined) throw busy(volume, 'a mover that writes to it');
    return withLock(lock, async () => work(await this.presentVolume(volume)));
  }
}

export function missing(name: string, what: string): EngineError {
  return new EngineError('VOLUME_MISSING', {
    where: { object: name },
    expected: what,
    found: 'nothing of that name',
    hint: 'Somebody removed it. `kubectl vm-migrate recover` looks at what is left on the target.',
  });
}

function busy(volume: string, who: string): EngineError {
  return new EngineError('VOLUME_BUSY', { where: { object: volume }, found: who, retry: 'later' });
}
