/**
 * One lane of a copy: opens layer and volume for itself and copies the spans that it draws from the
 * shared counter. The first lane runs in the mover's main thread, further ones in threads.
 */
import { MIB, type ByteRange } from '../bytes';
import { copyLayer, chunkBytesFor, type CopiedWindow, type CopyOptions } from '../copy/copy-layer';
import { FileVolume, type WriteWay } from '../copy/file-volume';
import type { VolumeIo, VolumeWays } from '../copy/volume-io';
import { spanWindows, windowCount } from '../copy/windows';
import { leased } from '../copy/wrappers/leased';
import { rateLimited } from '../copy/wrappers/rate-limit';
import { retrying } from '../copy/wrappers/retry';
import { writingBehind, type WriteBehind } from '../copy/wrappers/write-behind';
import { EngineError } from '../errors';
import type { Layer } from '../formats/layer';
import { type Breath, breathing } from './breath';
import type { MoverControl } from './control';
import { assertManifest } from './manifest-check';
import type { ApplyOrder } from './mover';
import { openOrderLayer } from './order-source';

/** Bytes that may be copied before their proof is through: bounds dirty pages and remembered digests. */
const UNPROVED_BYTES = 512 * MIB;
const RETRY = { attempts: 3, firstPauseMs: 200 };

/** Everything from the file to the budget; the lease is asked last, right before the system call. */
function openForWriting(
  order: ApplyOrder,
  control: MoverControl,
  way: WriteWay = 'cache',
): VolumeIo {
  const file = FileVolume.open(order.volume, 'write', 'direct', way);
  return rateLimited(retrying(leased(file, control), RETRY), control.budget);
}

/**
 * Copies until no span is left or a stop was asked for; hands over each window whose bytes went to
 * the volume. The layer's manifest equals the order's before the first and after the last read.
 * @param way on a device; a file is written through its cache
 * @throws EngineError FILE_CHANGED, MOVER_STOPPED and whatever layer and volume throw
 */
export async function copySpans(
  order: ApplyOrder,
  control: MoverControl,
  way: WriteWay,
  onWindow: (window: CopiedWindow) => void,
): Promise<VolumeWays> {
  const layer = await openOrderLayer(order.source, order.layer.file);
  try {
    await assertManifest(layer, order.layer.manifest);
    assertCapacity(layer, order);
    const isBehind = way === 'direct' && order.volume.kind === 'block';
    const device = isBehind ? openBehind(order, control) : undefined;
    const volume = device ?? openForWriting(order, control);
    try {
      for await (const window of copyLayer(layer, volume, optionsOf(order, layer, control))) {
        await device?.settled();
        onWindow(window);
      }
    } finally {
      await volume.close();
    }
    await assertManifest(layer, order.layer.manifest);
    return volume.ways();
  } finally {
    await layer.close();
  }
}

/**
 * A device takes bytes past its page cache while the next ones are read: the copy then goes as fast as
 * the medium (docs/benchmarking.md). A file system's cache is cheaper than its direct writes, which allocate.
 */
export function openBehind(order: ApplyOrder, control: MoverControl): WriteBehind {
  return writingBehind(openForWriting(order, control, 'direct'));
}

function optionsOf(order: ApplyOrder, layer: Layer, control: MoverControl): CopyOptions {
  const done = new Set(order.windowsDone.map(window => window.index));
  const breathe = breathing();
  return {
    windowBytes: order.windowBytes,
    content: order.content,
    chunkBytes: chunkBytesFor(layer.format),
    hashing: order.proof === undefined ? 'none' : 'pieces',
    spans: spans(layer.sizeBytes, order.windowBytes, control),
    isDone: (index: number) => done.has(index),
    mayStart: windowGate(order, control, breathe),
    breathe,
    onBytes: bytes => control.addBytesDone(bytes),
  };
}

/** Called before each window: waits while too much is unproved, counts the window as started, or answers false to stop before it. */
export function windowGate(
  { windowBytes }: ApplyOrder,
  control: MoverControl,
  breathe: Breath = breathing(),
): () => Promise<boolean> {
  const most = Math.max(2, Math.floor(UNPROVED_BYTES / windowBytes));
  return async () => {
    await breathe();
    while (control.mayGoOn() && control.unproved() >= most) await breathe.rest();
    control.assertHeld();
    if (!control.mayGoOn()) return false;
    control.addUnproved(1);
    return true;
  };
}

/** Spans by the shared counter: every span goes to exactly one lane. */
function* spans(
  sizeBytes: number,
  windowBytes: number,
  control: MoverControl,
): Generator<ByteRange> {
  const perSpan = spanWindows(windowBytes) * windowBytes;
  const count = Math.ceil((windowCount(sizeBytes, windowBytes) * windowBytes) / perSpan);
  for (let span = control.takeSpan(); span < count; span = control.takeSpan()) {
    const offset = span * perSpan;
    yield { offset, length: Math.min(perSpan, sizeBytes - offset) };
  }
}

/** @throws EngineError VOLUME_UNEXPECTED when the layer does not fit */
export function assertCapacity(layer: Pick<Layer, 'file' | 'sizeBytes'>, order: ApplyOrder): void {
  const state = order.proof?.stateSizeBytes ?? order.volume.sizeBytes;
  if (layer.sizeBytes <= state && state <= order.volume.sizeBytes) return;
  throw new EngineError('VOLUME_UNEXPECTED', {
    where: { file: layer.file },
    expected: `a layer of at most ${state} bytes on a volume of at least as many`,
    found: `a layer of ${layer.sizeBytes} bytes, a volume of ${order.volume.sizeBytes}`,
  });
}
