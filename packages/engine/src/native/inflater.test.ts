import { deflateSync } from 'node:zlib';

import fc from 'fast-check';

import { inflater, plainInflater, type Inflater } from './inflater';

const LIMIT = 4096;

/** The bytes, or `refused`. */
function outcome(under: Inflater, compressed: Uint8Array): string {
  try {
    return Buffer.from(under.inflate(compressed)).toString('hex');
  } catch {
    return 'refused';
  }
}

describe('inflater', () => {
  it('drives the handle on this version of Node', () => {
    expect(inflater(LIMIT).constructor.name).toBe('HandleInflater');
  });

  it('does what inflateSync does, for streams that are whole, damaged, cut, followed by others, too long, one after the other', () => {
    const under = inflater(LIMIT);
    const stream = fc
      .record({
        content: fc.uint8Array({ maxLength: LIMIT + 20 }),
        repeat: fc.boolean(),
        damage: fc.option(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { freq: 2 }),
        cut: fc.option(fc.nat(20), { freq: 2 }),
        more: fc.uint8Array({ maxLength: 9 }),
      })
      .map(({ content, repeat, damage, cut, more }) => {
        const packed = deflateSync(repeat ? Buffer.concat([content, content]) : content);
        if (damage !== null) {
          const at = damage[0] % packed.length;
          packed[at] = (packed[at] ?? 0) ^ damage[1];
        }
        return Buffer.concat([
          cut === null ? packed : packed.subarray(0, Math.max(0, packed.length - cut)),
          cut === null ? more : Buffer.alloc(0),
        ]);
      });
    fc.assert(
      fc.property(fc.array(stream, { minLength: 1, maxLength: 5 }), streams => {
        for (const one of streams)
          expect(outcome(under, one)).toBe(outcome(plainInflater(LIMIT), one));
      }),
      { numRuns: 500 },
    );
  });

  it('gives as much as the limit and not a byte more', () => {
    const [fits, over] = [
      deflateSync(Buffer.alloc(LIMIT, 1)),
      deflateSync(Buffer.alloc(LIMIT + 1, 1)),
    ];
    expect(inflater(LIMIT).inflate(fits)).toHaveLength(LIMIT);
    expect(() => inflater(LIMIT).inflate(over)).toThrow();
  });
});
