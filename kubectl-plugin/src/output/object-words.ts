/** Volumes and VolumeSnapshots on a target, in words. */
import type { ObjectFate, ObjectView } from '@vm-migrate/api';
import { count } from './format';

export const OBJECT_KINDS: Readonly<Record<ObjectView['kind'], string>> = {
  volume: 'volume',
  'volume-snapshot': 'VolumeSnapshot',
};

export const OBJECT_STATES: Readonly<Record<ObjectView['state'], string>> = {
  planned: 'not made',
  begun: 'begun',
  there: 'there',
  removed: 'removed',
};

const PURPOSES: Readonly<Record<ObjectView['purpose'], string>> = {
  main: 'current state',
  branch: 'side branch',
  snapshot: 'snapshot',
  current: 'current state',
  fork: 'work at a fork',
};

export function objectPurpose({ purpose, snapshot }: ObjectView): string {
  return snapshot === null ? PURPOSES[purpose] : `snapshot "${snapshot}"`;
}

/** `2 volumes and 5 VolumeSnapshots`; undefined: none. */
export function objectCount(objects: readonly ObjectView[]): string | undefined {
  const of = (kind: ObjectView['kind']): string[] => {
    const found = objects.filter(object => object.kind === kind).length;
    return found === 0 ? [] : [count(found, OBJECT_KINDS[kind])];
  };
  const parts = [...of('volume'), ...of('volume-snapshot')];
  return parts.length === 0 ? undefined : parts.join(' and ');
}

export const FATES: Readonly<Record<ObjectFate, string>> = {
  removed: 'removed',
  kept: 'kept',
  none: 'not made',
};
