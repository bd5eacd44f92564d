/**
 * The suite that every Layer has to pass, whatever it is made of. A test file calls it once for
 * each way to make its layer, with the naive model of what that layer says.
 */
import { KIB, type ByteRange } from '../bytes';
import type { Extent, Layer } from '../formats/layer';
import { seededNumbers, type LayerModel } from './encoders/grains';

export interface LayerCase {
  /** Opens it anew; the suite closes it. */
  open(): Promise<Layer>;
  /** What the layer says. A base whose absent grains read as zero says `zero` there. */
  readonly model: LayerModel;
  /** `exact`: kinds follow the model grain by grain. `stored`: data may be larger than what was written (holes of a file system). */
  readonly kinds: 'exact' | 'stored';
}

/** Replays one run of the random parts; every failure names its seed. */
const SEED = Number(process.env['LAYER_SUITE_SEED'] ?? Math.floor(Math.random() * 0x1_0000_0000));

export function layerSuite(name: string, prepare: () => LayerCase | Promise<LayerCase>): void {
  describe(`Layer: ${name}`, () => {
    let subject: LayerCase;
    let layer: Layer;

    beforeAll(async () => {
      subject = await prepare();
    });
    beforeEach(async () => {
      layer = await subject.open();
    });
    afterEach(async () => {
      await layer.close();
    });

    it('states its capacity', () => {
      expect(layer.sizeBytes).toBe(subject.model.sizeBytes);
    });

    it('covers the whole disk without gaps or overlaps, neighbours merged', async () => {
      assertTiled(await wholeMap(layer), { offset: 0, length: layer.sizeBytes });
    });

    it('gives every grain the kind that was written', async () => {
      assertKinds(await wholeMap(layer), subject);
    });

    it('answers any window as the whole map does', async () => {
      const whole = await wholeMap(layer);
      await forRandomRanges(layer.sizeBytes, async window => {
        const found = await layer.extents(window);
        assertTiled(found, window);
        if (subject.kinds === 'exact') expect(found).toEqual(clipped(whole, window));
      });
    });

    it('reads what the model holds, at any offset and length inside data', async () => {
      const { bytes } = subject.model;
      for (const extent of await dataExtents(layer)) {
        await forRandomRanges(
          extent.length,
          async part => {
            const into = new Uint8Array(part.length);
            await layer.read(extent.offset + part.offset, into);
            expectSameBytes(
              into,
              bytes.subarray(
                extent.offset + part.offset,
                extent.offset + part.offset + part.length,
              ),
              extent.offset + part.offset,
            );
          },
          6,
        );
      }
    });

    it('reads whole extents, several at the same time', async () => {
      const { bytes } = subject.model;
      const extents = (await dataExtents(layer)).slice(0, 64);
      const reads = extents.map(async ({ offset, length }) => {
        const into = new Uint8Array(length);
        await layer.read(offset, into);
        expectSameBytes(into, bytes.subarray(offset, offset + length), offset);
      });
      await Promise.all(reads);
    });

    it('calls nothing zero that holds something else', async () => {
      const { bytes } = subject.model;
      for (const extent of await wholeMap(layer)) {
        if (extent.kind !== 'zero') continue;
        expectSameBytes(
          bytes.subarray(extent.offset, extent.offset + extent.length),
          new Uint8Array(extent.length),
          extent.offset,
        );
      }
    });

    it('has a manifest that reading does not change, nor opening again', async () => {
      const before = await layer.manifest();
      await wholeMap(layer);
      expect(await layer.manifest()).toEqual(before);
      const again = await subject.open();
      try {
        expect(await again.manifest()).toEqual(before);
        expect(JSON.parse(JSON.stringify(before))).toEqual(before);
      } finally {
        await again.close();
      }
    });

    it('refuses a window behind its end', async () => {
      await expect(layer.extents({ offset: layer.sizeBytes, length: 1 })).rejects.toMatchObject({
        code: 'INTERNAL',
      });
      await expect(layer.read(layer.sizeBytes - 1, new Uint8Array(2))).rejects.toMatchObject({
        code: 'INTERNAL',
      });
    });

    it('answers an empty window with nothing', async () => {
      expect(await layer.extents({ offset: 0, length: 0 })).toEqual([]);
    });

    it('reads no more once it is closed', async () => {
      const [first] = await dataExtents(layer);
      if (first === undefined) return;
      const closed = await subject.open();
      await closed.close();
      await expect(closed.read(first.offset, new Uint8Array(1))).rejects.toThrow();
    });
  });
}

async function wholeMap(layer: Layer): Promise<readonly Extent[]> {
  return layer.extents({ offset: 0, length: layer.sizeBytes });
}

async function dataExtents(layer: Layer): Promise<readonly Extent[]> {
  return (await wholeMap(layer)).filter(extent => extent.kind === 'data');
}

function assertTiled(extents: readonly Extent[], window: ByteRange): void {
  let position = window.offset;
  let previous: string | undefined;
  for (const { offset, length, kind } of extents) {
    expect(offset).toBe(position);
    expect(length).toBeGreaterThan(0);
    expect(kind).not.toBe(previous);
    position += length;
    previous = kind;
  }
  expect(position).toBe(window.offset + window.length);
}

function assertKinds(extents: readonly Extent[], { model, kinds }: LayerCase): void {
  for (const { offset, length, kind } of extents) {
    for (
      let grain = Math.floor(offset / model.grainBytes);
      grain * model.grainBytes < offset + length;
      grain++
    ) {
      const expected = model.kinds[grain];
      // One expect for each of 10,000 grains would take seconds.
      if (kind !== expected && (kinds === 'exact' || expected === 'data'))
        expect({ grain, kind }).toEqual({ grain, kind: expected });
    }
  }
}

function clipped(extents: readonly Extent[], window: ByteRange): readonly Extent[] {
  const end = window.offset + window.length;
  return extents
    .map(extent => {
      const offset = Math.max(extent.offset, window.offset);
      return {
        offset,
        length: Math.min(extent.offset + extent.length, end) - offset,
        kind: extent.kind,
      };
    })
    .filter(extent => extent.length > 0);
}

/** Ranges at odd places, short and long ones. */
async function forRandomRanges(
  sizeBytes: number,
  check: (range: ByteRange) => Promise<void>,
  rounds = 40,
): Promise<void> {
  const next = seededNumbers(SEED);
  for (let round = 0; round < rounds; round++) {
    const offset = next() % sizeBytes;
    const longest = round % 2 === 0 ? Math.min(sizeBytes - offset, 3 * KIB) : sizeBytes - offset;
    const length = 1 + (next() % longest);
    try {
      await check({ offset, length });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`range ${offset}+${length}; replay with LAYER_SUITE_SEED=${SEED}: ${why}`, {
        cause: error,
      });
    }
  }
}

function expectSameBytes(found: Uint8Array, expected: Uint8Array, offset: number): void {
  if (Buffer.compare(found, expected) === 0) return;
  const first = found.findIndex((byte, index) => byte !== expected[index]);
  throw new Error(
    `byte at guest offset ${offset + first} is ${found[first]}, not ${expected[first]}`,
  );
}
