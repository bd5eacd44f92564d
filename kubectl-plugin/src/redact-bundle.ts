/**
 * Takes the names out of a bundle: what people, machines, sources, targets and storage classes are
 * called, where files lie, what snapshots say. Each becomes a word of its own, the same one
 * everywhere in the file, so that the plan still fits together; the words of two bundles have
 * nothing in common.
 */
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import type { Bundle } from './bundle-file';
import { loadEngine } from './engine-library';

/** @param configured names of sources, targets and storage classes that messages may mention although the plan uses none of them */
export async function redactBundle(
  bundle: Bundle,
  configured: readonly string[] = [],
): Promise<Bundle> {
  // Loaded when it is needed: slow to load, and every verb loads this file.
  const { createHmac, randomBytes } = await import('node:crypto');
  const key = randomBytes(32);
  const replace = replacer(
    asNames([...namesIn(bundle), ...configured]),
    word => `x${createHmac('sha256', key).update(word).digest('hex').slice(0, 10)}`,
  );
  const { plan, ...rest } = deep(bundle, replace) as Bundle;
  const { planDigest } = await loadEngine();
  // It is another plan now, and says so.
  return { ...rest, plan: { ...plan, digest: planDigest(plan) } };
}

/** Every text that names something of the user's. */
function namesIn({ plan, tree, description, events }: Bundle): string[] {
  const { vm, snapshots, disks } = plan.tree;
  const files = [
    ...plan.layers.map(({ file }) => file),
    ...plan.disks.map(({ rootFile }) => rootFile),
    ...disks.map(({ rootFile }) => rootFile),
    ...Object.keys(vm.configDigests),
  ];
  const manifestFiles = plan.layers.flatMap(({ manifest }) =>
    manifest.files.map(({ name }) => name),
  );
  const handles = tree.nodes.flatMap(node =>
    node.disks.map(({ volumeSnapshot }) => volumeSnapshot?.handle ?? ''),
  );
  const { keep, namePrefix, storageClass, storageClassByDisk, leaveOutDisks } = plan.options;
  return [
    vm.name,
    plan.vm.source,
    plan.target,
    storageClass ?? '',
    namePrefix ?? '',
    ...Object.values(storageClassByDisk),
    ...plan.steps.map(step => step.storageClass),
    ...plan.disks.map(disk => disk.storageClass),
    ...(keep.rule === 'names' ? keep.names : []),
    ...[...leaveOutDisks, ...Object.keys(storageClassByDisk)].filter(isFile).flatMap(pathWords),
    ...pathWords(vm.location),
    ...handles.flatMap(pathWords),
    ...[...files, ...manifestFiles].flatMap(pathWords),
    ...snapshots.flatMap(({ name, description: words }) => [name, words]),
    ...(vm.networks ?? []).flatMap(({ name, mac }) => [name, mac ?? '']),
    ...disks.flatMap(({ datastore, storagePolicy }) => [datastore ?? '', storagePolicy ?? '']),
    vm.biosUuid ?? '',
    ...plan.volumes.map(({ name }) => name),
    ...plan.volumeSnapshots.map(({ name }) => name),
    ...events.map(({ actor }) => actor).filter(actor => actor.includes('@')),
    description?.migration.startedBy ?? '',
    hostname(),
    userInfo().username,
  ];
}

/** A disk that is named by its file, not by its slot or id. */
function isFile(disk: string): boolean {
  return /[./\\]/.test(disk);
}

/** A single letter names nobody, and would be found everywhere. */
function asNames(words: readonly string[]): Set<string> {
  return new Set(words.map(word => word.trim()).filter(word => word.length > 1));
}

/** Folders and file names without their ending; and the whole. */
function pathWords(file: string): string[] {
  const parts = file.split(/[/\\]/).filter(part => part !== '' && part !== '.' && part !== '..');
  return parts.flatMap(part => [
    part.replace(/\.(vmdk|vmx|vmsd|vmsn|vmem|nvram|raw|img)$/i, ''),
    path.basename(part),
  ]);
}

/** Longest first, so that a name inside another does not break it; whole words only. */
function replacer(
  names: ReadonlySet<string>,
  wordFor: (name: string) => string,
): (text: string) => string {
  const sorted = [...names].sort((a, b) => b.length - a.length);
  if (sorted.length === 0) return text => text;
  const pattern = new RegExp(
    `(?<![\\p{L}\\p{N}])(?:${sorted.map(name => name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|')})(?![\\p{L}\\p{N}])`,
    'gu',
  );
  return text =>
    names.has(text.trim()) ? wordFor(text.trim()) : text.replace(pattern, found => wordFor(found));
}

/** Fields whose words are our own, or numbers: a name may happen to be the same word. */
const OWN_FIELDS = new Set([
  'access',
  'atEnd',
  'cid',
  'code',
  'cutCurrent',
  'digest',
  'firmware',
  'flag',
  'format',
  'inode',
  'kind',
  'level',
  'node',
  'parentCid',
  'platform',
  'power',
  'proof',
  'purpose',
  'role',
  'rule',
  'severity',
  'state',
  'version',
  'wanted',
]);

function isOwn(field: string): boolean {
  return OWN_FIELDS.has(field) || /(?:At|Ns|Digest|Sha256)$/.test(field);
}

function deep(value: unknown, replace: (text: string) => string, field?: string): unknown {
  if (typeof value === 'string')
    return field !== undefined && isOwn(field) ? value : replace(value);
  if (Array.isArray(value)) return value.map(item => deep(item, replace, field));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      /[./]/.test(key) ? replace(key) : key,
      deep(item, replace, key),
    ]),
  );
}
