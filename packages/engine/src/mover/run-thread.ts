/** What a thread of the mover does: one role, until it has nothing left or the main thread ends it. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';

import { EngineError, toEngineError } from '../errors';
import { MoverControl } from './control';
import { copySpans } from './copy-lane';
import { openHashLane } from './hash-lane';
import { ProofLane } from './proof-lane';
import { revived, serve, type ThreadReport, type ThreadTask } from './threads';

/** For the program's main file, when it is run as a thread. */
export async function runThread(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new EngineError('INTERNAL', { found: 'runThread outside of a thread' });
  try {
    await perform(workerData as ThreadTask, port);
  } catch (error) {
    port.postMessage({
      type: 'error',
      error: toEngineError(error).toJSON(),
    } satisfies ThreadReport);
  }
}

async function perform(task: ThreadTask, port: MessagePort): Promise<void> {
  const control = new MoverControl(task.control);
  const say = (report: ThreadReport) => port.postMessage(report);
  switch (task.role) {
    case 'copy': {
      const ways = await copySpans(task.order, control, task.way, window =>
        say({ type: 'copied', window }),
      );
      say({ type: 'lane-end', ways });
      return;
    }
    case 'proof': {
      const { order } = task;
      if (order.proof === undefined)
        throw new EngineError('INTERNAL', { found: 'a proof that was not ordered' });
      const lane = ProofLane.open({ ...order, proof: order.proof }, control, task.readBackWay);
      lane.catch(() => undefined);
      serve(port, async request => {
        const proof = await lane;
        if (request.type === 'prove')
          return { type: 'proved', windows: await proof.prove(request.windows.map(revived)) };
        if (request.type === 'finish') return { type: 'finished', result: await proof.finish() };
        throw new EngineError('INTERNAL', { found: `a request ${request.type} to a proof` });
      });
      await lane;
      return;
    }
    case 'hash': {
      const lane = openHashLane(task.order, control);
      lane.catch(() => undefined);
      serve(port, async request => {
        const { hash, finish } = await lane;
        if (request.type === 'hash')
          return { type: 'hashed', span: request.span, digests: await hash(request.span) };
        if (request.type !== 'finish')
          throw new EngineError('INTERNAL', { found: `a request ${request.type} to a hash lane` });
        await finish();
        return { type: 'hash-end' };
      });
      await lane;
      return;
    }
  }
}
