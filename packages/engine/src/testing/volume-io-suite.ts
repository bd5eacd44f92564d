/** What every VolumeIo must do, wrapped or not. Each test gets a new volume that holds seeded bytes. */
import { KIB, MIB } from '../bytes';
import type { VolumeIo } from '../copy/volume-io';
import { seededBytes } from './seeded-bytes';

export interface VolumeHarness {
  readonly volume: VolumeIo;
  /** The whole content, read in another way than through the volume. */
  content(): Promise<Uint8Array>;
}

/** `make`: a volume of exactly these bytes. */
export function volumeIoSuite(
  name: string,
  make: (content: Uint8Array) => Promise<VolumeHarness>,
): void {
  describe(`VolumeIo: ${name}`, () => {
    const size = 3 * MIB + 512;
    const start = Buffer.from(seededBytes(size, 1));
    let harness: VolumeHarness;
    let model: Buffer;

    beforeEach(async () => {
      model = Buffer.from(start);
      harness = await make(start);
    });
    afterEach(() => harness.volume.close());

    const same = async (): Promise<void> => {
      expect(Buffer.from(await harness.content()).equals(model)).toBe(true);
    };
    const readBack = async (offset: number, length: number): Promise<Buffer> => {
      const into = Buffer.alloc(length, 0xee);
      await harness.volume.readBack(offset, into);
      return into;
    };

    it('tells its size', () => expect(harness.volume.sizeBytes).toBe(size));

    it.each([
      [0, 512],
      [4096, 64 * KIB],
      [512, MIB],
      [1 * MIB - 512, 1024],
      [size - 512, 512],
    ])('writes at %i so many bytes: %i, and nothing else', async (offset, length) => {
      const bytes = Buffer.from(seededBytes(length, 2));
      await harness.volume.write(offset, bytes);
      await harness.volume.flush();
      bytes.copy(model, offset);
      await same();
    });

    it.each([
      [0, 64 * KIB],
      [4096, 4096],
      [512, 512],
      [100 * KIB + 512, 2 * MIB],
      [size - 1024, 1024],
      [0, size],
    ])('zeroes at %i so many bytes: %i, and nothing else', async (offset, length) => {
      await harness.volume.zero(offset, length);
      await harness.volume.flush();
      model.fill(0, offset, offset + length);
      await same();
      expect((await readBack(offset, length)).equals(Buffer.alloc(length))).toBe(true);
    });

    it.each([
      [0, MIB],
      [512, 512],
      [4096, 4096],
      [1000, 3000],
      [2 * MIB, MIB + 512],
      [0, size],
    ])('reads back at %i so many bytes: %i', async (offset, length) => {
      const bytes = Buffer.from(seededBytes(MIB, 3));
      await harness.volume.write(MIB / 2, bytes);
      bytes.copy(model, MIB / 2);
      await harness.volume.flush();
      expect((await readBack(offset, length)).equals(model.subarray(offset, offset + length))).toBe(
        true,
      );
    });

    it('refuses what lies outside of it and leaves the rest alone', async () => {
      await expect(harness.volume.write(size - 10, Buffer.alloc(11))).rejects.toThrow();
      await expect(harness.volume.readBack(size, Buffer.alloc(1))).rejects.toThrow();
      await expect(harness.volume.zero(size - 1, 2)).rejects.toThrow();
      await same();
    });

    it('says where the next stored byte is without skipping any', async () => {
      const { volume } = harness;
      await volume.zero(0, size);
      await volume.write(2 * MIB, Buffer.alloc(4096, 7));
      await volume.flush();
      const found = volume.nextStored?.(0) ?? 0;
      expect(found).toBeLessThanOrEqual(2 * MIB);
      expect(volume.nextStored?.(2 * MIB) ?? 2 * MIB).toBe(2 * MIB);
    });
  });
}
