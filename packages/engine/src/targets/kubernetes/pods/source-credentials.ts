/**
 * Credentials of a source, for a pod: an order names only where they are, in an environment variable
 * or a file of the engine. They go into the pod's Secret, and the pod's order names the file there.
 */
import { readFileSync } from 'node:fs';

import { EngineError } from '../../../errors';
import type { MoverOrder } from '../../../mover/mover';

/** Where a pod finds them, beside its order. */
export const CREDENTIALS_FILE = 'credentials';

export interface PodOrder {
  readonly order: MoverOrder;
  readonly credentials?: string;
}

/** @throws EngineError CONFIG_INVALID when the variable or the file is not there */
export function orderForPod(order: MoverOrder, orderFolder: string): PodOrder {
  if (order.order !== 'apply' && order.order !== 'hash-chain') return { order };
  const { source } = order;
  if (source.kind !== 'vm-https' || source.credentials === undefined) return { order };
  const file = `${orderFolder}/${CREDENTIALS_FILE}`;
  return {
    order: { ...order, source: { ...source, credentials: { file } } },
    credentials:
      'env' in source.credentials
        ? fromVariable(source.credentials.env)
        : fromFile(source.credentials.file),
  };
}

function fromVariable(name: string): string {
  const value = process.env[name];
  if (value !== undefined) return value;
  throw new EngineError('CONFIG_INVALID', {
    where: { object: `environment variable ${name}` },
    expected: 'the credentials of the source',
    found: 'nothing',
    hint: 'Set it for the worker that runs the migration.',
  });
}

function fromFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new EngineError('CONFIG_INVALID', {
      where: { file },
      expected: 'the credentials of the source',
      found: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}
