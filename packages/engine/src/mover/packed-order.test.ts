import { createHash } from 'node:crypto';

import type { ApplyOrder, WindowReport } from './mover';
import { packOrder, unpackOrder } from './packed-order';

const window = (index: number): WindowReport => ({
  index,
  dataBytes: 64 * 1024 * 1024 - (index % 7) * 65_536,
  zeroBytes: (index % 7) * 65_536,
  digest: createHash('sha256').update(`window ${index}`).digest('hex'),
});

const order = (windowsDone: readonly WindowReport[]): ApplyOrder =>
  ({
    order: 'apply',
    runId: 'm/s/1',
    windowsDone,
    windowBytes: 64 * 1024 * 1024,
  }) as unknown as ApplyOrder;

describe('an order as a file', () => {
  it.each([0, 1, 3, 1_000])('comes back as it was, with %d windows done', count => {
    const before = order(Array.from({ length: count }, (_, index) => window(index * 3)));
    expect(unpackOrder(packOrder(before))).toEqual(before);
  });

  it('comes back sorted by window, whatever the order of the reports was', () => {
    const after = unpackOrder(packOrder(order([window(5), window(1)]))) as ApplyOrder;
    expect(after.windowsDone).toEqual([window(1), window(5)]);
  });

  it('takes few more bytes a window than its digest', () => {
    const packed = packOrder(order(Array.from({ length: 20_000 }, (_, index) => window(index))));
    expect(packed.length / 20_000).toBeLessThan(37);
  });

  it('may be plain JSON, as a person writes it', () => {
    const plain = order([window(2)]);
    expect(unpackOrder(Buffer.from(JSON.stringify(plain)))).toEqual(plain);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a cut file', packOrder(order([window(1)])).subarray(0, 40)],
    [
      'columns that are too short',
      Buffer.from(JSON.stringify({ ...order([]), windowsDone: { count: 2, columns: 'AAAA' } })),
    ],
  ])('is refused when it is %s', (_, bytes) => {
    expect(() => unpackOrder(bytes)).toThrow(expect.objectContaining({ code: 'MOVER_FAILED' }));
  });
});
