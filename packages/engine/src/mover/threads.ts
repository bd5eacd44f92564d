/**
 * Threads of a mover run the mover's own program file again, with a role. Everything between them
 * is messages and the control's shared memory.
 */
import { Worker, type MessagePort } from 'node:worker_threads';

import type { CopiedWindow } from '../copy/copy-layer';
import type { ReadBackWay, WriteWay } from '../copy/file-volume';
import type { VolumeWays } from '../copy/volume-io';
import type { ProvedWindow } from '../copy/verify';
import { EngineError, toEngineError, type ErrorData } from '../errors';
import type { ApplyOrder, HashChainOrder, HashVolumeOrder } from './mover';
import type { ProofResult } from './proof-lane';

export type ThreadTask =
  | {
      readonly role: 'copy';
      readonly order: ApplyOrder;
      readonly control: SharedArrayBuffer;
      readonly way: WriteWay;
    }
  | {
      readonly role: 'proof';
      readonly order: ApplyOrder;
      readonly control: SharedArrayBuffer;
      readonly readBackWay: ReadBackWay;
    }
  | {
      readonly role: 'hash';
      readonly order: HashVolumeOrder | HashChainOrder;
      readonly control: SharedArrayBuffer;
    };

/** Main thread to a thread. */
export type ThreadRequest =
  | { readonly type: 'prove'; readonly windows: readonly CopiedWindow[] }
  | { readonly type: 'finish' }
  | { readonly type: 'hash'; readonly span: number };

/** A thread to the main thread. The last one is `lane-end`, `finished`, `hash-end` or `error`. */
export type ThreadReport =
  | { readonly type: 'copied'; readonly window: CopiedWindow }
  | { readonly type: 'proved'; readonly windows: readonly ProvedWindow[] }
  | { readonly type: 'finished'; readonly result: ProofResult }
  | { readonly type: 'hashed'; readonly span: number; readonly digests: Uint8Array | undefined }
  | { readonly type: 'hash-end' }
  | { readonly type: 'lane-end'; readonly ways: VolumeWays }
  | { readonly type: 'error'; readonly error: ErrorData };

/** One running thread. */
export class MoverThread {
  /** Settles when the thread is gone: rejects with its error. */
  readonly ended: Promise<void>;
  private readonly worker: Worker;

  constructor(program: string, task: ThreadTask, onReport: (report: ThreadReport) => void) {
    this.worker = new Worker(program, { workerData: task, stdin: false });
    this.ended = new Promise((resolve, reject) => {
      this.worker.on('message', (report: ThreadReport) => {
        if (report.type === 'error') reject(EngineError.fromJSON(report.error));
        else onReport(report);
      });
      this.worker.on('error', error => reject(toEngineError(error)));
      this.worker.on('exit', code => {
        if (code === 0) resolve();
        else
          reject(
            new EngineError('MOVER_FAILED', {
              found: `a thread that ended with code ${code}`,
              retry: 'later',
            }),
          );
      });
    });
    // Whoever waits gets it; nobody waiting yet is no crash.
    this.ended.catch(() => undefined);
  }

  send(request: ThreadRequest): void {
    this.worker.postMessage(request);
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Requests one after the other, in order, each finished before the next begins; stops at the first error. */
export function serve(
  port: MessagePort,
  handle: (request: ThreadRequest) => Promise<ThreadReport>,
): void {
  let queue = Promise.resolve();
  port.on('message', (request: ThreadRequest) => {
    queue = queue
      .then(async () => {
        const report = await handle(request);
        port.postMessage(report);
        if (report.type === 'finished' || report.type === 'hash-end') port.close();
      })
      .catch((error: unknown) => {
        port.postMessage({
          type: 'error',
          error: toEngineError(error).toJSON(),
        } satisfies ThreadReport);
        port.close();
      });
  });
}

/** Digests come out of a message as a plain Uint8Array. */
export function revived(window: CopiedWindow): CopiedWindow {
  const { buffer, byteOffset, length } = window.pieceDigests;
  return { ...window, pieceDigests: Buffer.from(buffer, byteOffset, length) };
}
