import { createHash } from 'node:crypto';

import type { ApplyOrder } from '../../../mover/mover';
import { unpackOrder } from '../../../mover/packed-order';
import { orderParts, orderSecrets, secretNames } from './order-secrets';

const order = (windows: number): ApplyOrder =>
  ({
    order: 'apply',
    runId: 'm/s/1',
    windowsDone: Array.from({ length: windows }, (_, index) => ({
      index,
      dataBytes: 1,
      zeroBytes: 0,
      digest: createHash('sha256').update(String(index)).digest('hex'),
    })),
  }) as unknown as ApplyOrder;

describe('an order as Secrets', () => {
  it.each([
    [0, 1],
    [20_000, 1],
    [60_000, 3],
  ])('with %d windows done has %d parts, each below the limit of a Secret', (windows, count) => {
    const parts = orderParts(order(windows));
    expect(parts).toHaveLength(count);
    for (const part of parts) expect(part.length).toBeLessThan(1024 * 1024);
    expect(unpackOrder(Buffer.concat(parts))).toEqual(order(windows));
  });

  it('that is too large by far leaves windows out: they are written again', () => {
    const parts = orderParts(order(2_600), 10_000);
    expect(parts.length).toBeLessThanOrEqual(8);
    const { windowsDone } = unpackOrder(Buffer.concat(parts)) as ApplyOrder;
    expect(windowsDone.length).toBeGreaterThan(1_000);
    expect(windowsDone.length).toBeLessThan(2_600);
  });

  it('belongs to its pod, which takes it along, under names that no other run has', () => {
    const pod = { metadata: { name: 'web-0', uid: 'u-1', labels: { a: 'b' } }, spec: {} };
    const names = secretNames('web-0', 'm/s/1', 2);
    expect(secretNames('web-0', 'm/s/2', 2)).not.toEqual(names);
    const secrets = orderSecrets(pod, names, [Buffer.from('x'), Buffer.from('y')]);
    expect(secrets.map(secret => secret.metadata.name)).toEqual(names);
    expect(secrets[1]).toMatchObject({
      metadata: {
        ownerReferences: [{ kind: 'Pod', name: 'web-0', uid: 'u-1' }],
        labels: { a: 'b' },
      },
      immutable: true,
      data: { order: Buffer.from('y').toString('base64') },
    });
  });
});
