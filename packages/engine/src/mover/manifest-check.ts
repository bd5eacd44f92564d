/** A source file that changes while it is read gives bytes that never existed together. */
import { EngineError } from '../errors';
import type { Layer, LayerManifest, ManifestFile } from '../formats/layer';

/** @throws EngineError FILE_CHANGED naming the first difference */
export async function assertManifest(layer: Layer, expected: LayerManifest): Promise<void> {
  const difference = firstDifference(expected, await layer.manifest());
  if (difference === undefined) return;
  throw new EngineError('FILE_CHANGED', {
    where: { file: layer.file },
    expected: difference.expected,
    found: difference.found,
    hint: 'The VM wrote to a file that must be frozen, or somebody replaced it. Plan the VM again: `kubectl vm-migrate plan`.',
  });
}

interface Difference {
  readonly expected: string;
  readonly found: string;
}

/** `undefined` when both say the same, field by field. */
export function firstDifference(
  expected: LayerManifest,
  found: LayerManifest,
): Difference | undefined {
  const [one, other] = [facts(expected), facts(found)];
  for (const name of new Set([...one.keys(), ...other.keys()])) {
    if (one.get(name) === other.get(name)) continue;
    return {
      expected: `${name} ${one.get(name) ?? 'absent'}`,
      found: `${name} ${other.get(name) ?? 'absent'}`,
    };
  }
  return undefined;
}

function facts(manifest: LayerManifest): Map<string, string> {
  const named = (file: ManifestFile, nth: number): [string, string][] => [
    [`file ${nth}`, file.name],
    [`size of ${file.name}`, String(file.sizeBytes)],
    [`mtime of ${file.name}`, file.mtimeNs],
    [`inode of ${file.name}`, file.inode],
    ...Object.entries(file.counters).map(([key, value]): [string, string] => [
      `${key} of ${file.name}`,
      value,
    ]),
  ];
  return new Map([
    ['descriptor', manifest.descriptorSha256],
    ['CID', manifest.cid],
    ['parentCID', manifest.parentCid],
    ...manifest.files.flatMap(named),
  ]);
}
