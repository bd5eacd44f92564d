import type { Finding } from '../sources/snapshot-tree';
import { canonicalJson } from '../canonical-json';
import { formatBytes } from './format-bytes';
import type { Plan, PlannedLayer } from './plan';

/**
 * What a person must read when a plan is no longer the one that was shown (PLAN_CHANGED): one line a
 * matter, the gravest first. Empty when both are one plan; then their digests are equal as well.
 */
export function planDifference(shown: Plan, now: Plan): readonly string[] {
  const lines = [
    ...value('the VM', vmOf(shown), vmOf(now)),
    ...value('the target', shown.target, now.target),
    ...options(shown, now),
    ...disks(shown, now),
    ...layers(shown, now),
    ...snapshots(shown, now),
    ...presentState(shown, now),
    ...findings(shown.findings, now.findings),
    ...configuration(shown, now),
  ];
  if (lines.length > 0 || shown.digest === now.digest) return lines;
  return ['details of the VM changed that the plan does not depend on'];
}

function vmOf({ vm }: Plan): string {
  return `${vm.source}/${vm.name} (${vm.location})`;
}

function value(what: string, before: unknown, after: unknown): readonly string[] {
  const [was, is] = [words(before), words(after)];
  return was === is ? [] : [`${what}: was ${was}, is ${is}`];
}

function words(of: unknown): string {
  if (of === undefined) return 'not given';
  if (typeof of === 'string') return of;
  if (Array.isArray(of) && of.every(item => typeof item === 'string'))
    return of.length === 0 ? 'none' : of.join(', ');
  return canonicalJson(of);
}

function options({ options: before }: Plan, { options: after }: Plan): readonly string[] {
  return [
    ...value('what is kept', keepWords(before), keepWords(after)),
    ...value('option leaveOutDisks', before.leaveOutDisks, after.leaveOutDisks),
    ...value('option storageClass', before.storageClass, after.storageClass),
    ...value('option storageClassByDisk', before.storageClassByDisk, after.storageClassByDisk),
    ...value('option namePrefix', before.namePrefix, after.namePrefix),
    ...value('option moverImage', before.moverImage, after.moverImage),
    ...value('option cutCurrent', before.cutCurrent, after.cutCurrent),
    ...value('option sampleWindows', before.sampleWindows, after.sampleWindows),
  ];
}

/** The moment from which ages are counted is another one at every planning: what is kept tells. */
function keepWords({ keep }: Plan['options']): string {
  switch (keep.rule) {
    case 'all':
      return 'every snapshot';
    case 'newest':
      return keep.count === 0 ? 'no snapshot' : `the newest ${keep.count}`;
    case 'age':
      return `what is not older than ${formatDays(keep.maxAgeMs)}`;
    case 'names':
      return keep.names.length === 0
        ? 'no snapshot'
        : keep.names.map(name => `'${name}'`).join(', ');
  }
}

function formatDays(ms: number): string {
  const days = Math.round((ms / 86_400_000) * 100) / 100;
  return `${days} day${days === 1 ? '' : 's'}`;
}

function disks(shown: Plan, now: Plan): readonly string[] {
  const name = ({ label, rootFile }: Plan['disks'][number]): string =>
    `disk ${label} (${rootFile})`;
  return compare(shown.disks, now.disks, name, (before, after) => [
    ...value(`${name(after)}: label`, before.label, after.label),
    ...value(
      `${name(after)}: capacity`,
      formatBytes(before.sizeBytes),
      formatBytes(after.sizeBytes),
    ),
    ...value(`${name(after)}: storage class`, before.storageClass, after.storageClass),
    ...value(`${name(after)}: left out`, before.leftOut ?? 'no', after.leftOut ?? 'no'),
  ]);
}

function layers(shown: Plan, now: Plan): readonly string[] {
  const was = accessOf(shown);
  const is = accessOf(now);
  return compare(
    shown.layers,
    now.layers,
    ({ file }) => `file ${file}`,
    (before, after) => {
      const access = value(`file ${after.file}`, was.get(before.id), is.get(after.id));
      const flag = value(`file ${after.file}`, flagOf(before), flagOf(after));
      const inUse = was.get(before.id) !== 'frozen' && is.get(after.id) !== 'frozen';
      const changed =
        before.manifestDigest === after.manifestDigest || inUse
          ? []
          : [`file ${after.file} changed at the source (size, time or header)`];
      return [
        ...access,
        ...flag,
        ...changed,
        ...value(`file ${after.file}: parent`, before.parentId, after.parentId),
      ];
    },
  );
}

function accessOf({ tree }: Plan): ReadonlyMap<string, string> {
  return new Map(
    tree.disks.flatMap(({ layers: all }) => all.map(({ id, access }) => [id, access])),
  );
}

function flagOf({ flag, reason }: PlannedLayer): string {
  return reason === undefined ? flag : `${flag} (${reason})`;
}

function snapshots(shown: Plan, now: Plan): readonly string[] {
  const shownStates = new Map(shown.tree.snapshots.map(({ id, disks: states }) => [id, states]));
  const nowStates = new Map(now.tree.snapshots.map(({ id, disks: states }) => [id, states]));
  const name = (of: { readonly name: string }): string => `snapshot '${of.name}'`;
  return compare(shown.snapshots, now.snapshots, name, (before, after) => [
    ...value(`${name(after)}: name`, before.name, after.name),
    ...value(`${name(after)}: description`, before.description, after.description),
    ...value(`${name(after)}: parent`, before.parentId, after.parentId),
    ...value(`${name(after)}: kept`, String(before.kept), String(after.kept)),
    ...value(`${name(after)}: disks`, shownStates.get(before.id), nowStates.get(after.id)),
  ]);
}

function presentState(shown: Plan, now: Plan): readonly string[] {
  const stands = (plan: Plan): string =>
    plan.snapshots.find(({ id }) => id === plan.current.snapshotId)?.name ?? 'no snapshot';
  const files = (plan: Plan): unknown => {
    const byId = new Map(plan.layers.map(({ id, file }) => [id, file]));
    return plan.current.disks.map(({ layerId, slot }) => `${slot} ${byId.get(layerId) ?? layerId}`);
  };
  return [
    ...value('the present state stands on', stands(shown), stands(now)),
    ...value('the present state is on', files(shown), files(now)),
    ...value('the VM is', shown.tree.current.power, now.tree.current.power),
  ];
}

function findings(before: readonly Finding[], after: readonly Finding[]): readonly string[] {
  return compare(
    before,
    after,
    ({ id, cause }) => `finding ${id} (${cause})`,
    (was, is) => value(`finding ${is.id}`, was.severity, is.severity),
  );
}

function configuration(shown: Plan, now: Plan): readonly string[] {
  const before = shown.tree.vm.configDigests;
  const after = now.tree.vm.configDigests;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter(name => before[name] !== after[name]).map(name => `file ${name} changed`);
}

/** Gone, new, and what `changes` says about those that are in both lists. */
function compare<T extends { readonly id: string }>(
  before: readonly T[],
  after: readonly T[],
  name: (of: T) => string,
  changes: (was: T, is: T) => readonly string[],
): readonly string[] {
  const was = new Map(before.map(each => [each.id, each]));
  const is = new Map(after.map(each => [each.id, each]));
  return [
    ...before.filter(({ id }) => !is.has(id)).map(each => `${name(each)} is gone`),
    ...after.filter(({ id }) => !was.has(id)).map(each => `${name(each)} is new`),
    ...after.flatMap(each => {
      const old = was.get(each.id);
      return old === undefined ? [] : changes(old, each);
    }),
  ];
}
