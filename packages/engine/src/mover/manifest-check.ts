/** A source file that changes while it is read gives bytes that never existed together. */
import { EngineError } from '../errors';
import type { Layer, LayerManifest } from '../formats/layer';
import { manifestDifference } from '../formats/manifest';

/** @throws EngineError FILE_CHANGED naming the first difference */
export async function assertManifest(layer: Layer, expected: LayerManifest): Promise<void> {
  const difference = manifestDifference(expected, await layer.manifest());
  if (difference === undefined) return;
  throw new EngineError('FILE_CHANGED', {
    where: { file: layer.file },
    expected: 'the file as it was planned',
    found: difference,
    hint: 'The VM wrote to a file that must be frozen, or somebody replaced it. Plan the VM again: `kubectl vm-migrate plan`.',
  });
}
