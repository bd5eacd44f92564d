/**
 * Takes the names out of a bundle: what people and machines are called, where files lie, what
 * snapshots say. Each becomes a word of its own, the same one everywhere in the file, so that the
 * plan still fits together; the words of two bundles have nothing in common.
 */
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import type { Bundle } from './bundle-file';
import { loadEngine } from './engine-library';

export async function redactBundle(bundle: Bundle): Promise<Bundle> {
  // Loaded when it is needed: slow to load, and every verb loads this file.
  const { createHmac, randomBytes } = await import('node:crypto');
  const key = randomBytes(32);
  const replace = replacer(
    namesIn(bundle),
    word => `x${createHmac('sha256', key).update(word).digest('hex').slice(0, 10)}`,
  );
  const { plan, ...rest } = deep(bundle, replace) as Bundle;
  const { planDigest } = await loadEngine();
  // It is another plan now, and says so.
  return { ...rest, plan: { ...plan, digest: planDigest(plan) } };
}

/** Every text that names something of the user's. */
function namesIn({ plan, tree, description, events }: Bundle): Set<string> {
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
  const names = [
    vm.name,
    plan.vm.source,
    plan.target,
    ...pathWords(vm.location),
    ...handles.flatMap(pathWords),
    ...[...files, ...manifestFiles].flatMap(pathWords),
    ...snapshots.flatMap(({ name, description: words }) => [name, words]),
    ...(vm.networks ?? []).flatMap(({ name, mac }) => [name, mac ?? '']),
    vm.biosUuid ?? '',
    ...plan.volumes.map(({ name }) => name),
    ...plan.volumeSnapshots.map(({ name }) => name),
    ...events.map(({ actor }) => actor).filter(actor => actor.includes('@')),
    description?.migration.startedBy ?? '',
    hostname(),
    userInfo().username,
  ];
  // A single letter names nobody, and would be found everywhere.
  return new Set(names.map(name => name.trim()).filter(name => name.length > 1));
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

/** Words of our own that a name may happen to be: they say how things stand, and stay. */
const OWN_FIELDS = new Set([
  'kind',
  'state',
  'severity',
  'format',
  'flag',
  'role',
  'purpose',
  'rule',
  'access',
  'power',
  'wanted',
  'level',
  'atEnd',
  'cutCurrent',
  'digest',
  'version',
  'basis',
  'platform',
  'node',
]);

function deep(value: unknown, replace: (text: string) => string, field?: string): unknown {
  if (typeof value === 'string')
    return field !== undefined && OWN_FIELDS.has(field) ? value : replace(value);
  if (Array.isArray(value)) return value.map(item => deep(item, replace, field));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      /[./]/.test(key) ? replace(key) : key,
      deep(item, replace, key),
    ]),
  );
}
