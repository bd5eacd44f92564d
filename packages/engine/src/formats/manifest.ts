/**
 * Comparing manifests: "is this still the file that was planned?" Both the plan and the mover ask.
 */
import { createHash } from 'node:crypto';

import { canonicalJson } from '../canonical-json';
import type { LayerManifest, ManifestFile } from './layer';

/** Equal manifests: the same bytes, as far as can be told without reading them all. */
export function sameManifest(a: LayerManifest, b: LayerManifest): boolean {
  return canonicalJson(normal(a)) === canonicalJson(normal(b));
}

/** SHA-256 (hex) of the canonical JSON; equal exactly when sameManifest is true. */
export function manifestDigest(manifest: LayerManifest): string {
  return createHash('sha256')
    .update(canonicalJson(normal(manifest)))
    .digest('hex');
}

/** The first difference, in words for an error message; `undefined` when they are the same. */
export function manifestDifference(
  expected: LayerManifest,
  found: LayerManifest,
): string | undefined {
  const [before, after] = [normal(expected), normal(found)];
  if (before.cid !== after.cid) return `CID was ${before.cid}, is ${after.cid}`;
  if (before.parentCid !== after.parentCid)
    return `parentCID was ${before.parentCid}, is ${after.parentCid}`;
  if (before.descriptorSha256 !== after.descriptorSha256) return 'the descriptor has other text';
  if (before.files.length !== after.files.length)
    return `there were ${before.files.length} files, there are ${after.files.length}`;
  for (const [index, file] of before.files.entries()) {
    const other = after.files[index];
    if (other === undefined || file.name !== other.name)
      return `file ${file.name} became ${other?.name ?? 'nothing'}`;
    if (file.sizeBytes !== other.sizeBytes)
      return `${file.name} had ${file.sizeBytes} bytes, has ${other.sizeBytes}`;
    if (file.inode !== other.inode)
      return `${file.name} is another file (inode ${file.inode}, now ${other.inode})`;
    if (file.mtimeNs !== other.mtimeNs)
      return `${file.name} was written to (mtime ${file.mtimeNs} ns, now ${other.mtimeNs} ns)`;
    const counter = [
      ...new Set([...Object.keys(file.counters), ...Object.keys(other.counters)]),
    ].find(key => file.counters[key] !== other.counters[key]);
    if (counter !== undefined)
      return `${counter} in ${file.name} was ${file.counters[counter] ?? 'absent'}, is ${other.counters[counter] ?? 'absent'}`;
  }
  return undefined;
}

/** Only the fields of the contract: what else an object carries must not make a difference. */
function normal({ descriptorSha256, cid, parentCid, files }: LayerManifest): LayerManifest {
  return { descriptorSha256, cid, parentCid, files: files.map(normalFile) };
}

function normalFile({ name, sizeBytes, mtimeNs, inode, counters }: ManifestFile): ManifestFile {
  return { name, sizeBytes, mtimeNs, inode, counters };
}
