/**
 * The mover program. As a child process: an order on stdin, reports on stdout. In a pod: the order,
 * the commands and the result are files. With `--push`: the engine's end of a push. Threads run this
 * file again.
 * `--lanes=N`, `--no-flush` and `--ignore-stdin-end` are for measuring: the engine passes none of them.
 */
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';

import {
  MOVER_VERSION,
  runFileProgram,
  runProgram,
  runPushProgram,
  runServeProgram,
  runThread,
} from '@vm-migrate/engine/mover';

function main(): void {
  if (!isMainThread) {
    void runThread();
    return;
  }
  const { values } = parseArgs({
    options: {
      'order-file': { type: 'string' },
      'control-file': { type: 'string' },
      'result-file': { type: 'string' },
      'rest-ms': { type: 'string' },
      push: { type: 'boolean', default: false },
      lanes: { type: 'string' },
      'no-flush': { type: 'boolean', default: false },
      'ignore-stdin-end': { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
    },
  });
  if (values.version) {
    console.log(MOVER_VERSION);
    return;
  }
  if (values.push) {
    runPushProgram();
    return;
  }
  const lanes =
    values.lanes === undefined ? undefined : Math.max(1, Number.parseInt(values.lanes, 10));
  const flush = values['no-flush'] ? 'none' : 'checkpoints';
  const orderFile = values['order-file'];
  if (orderFile !== undefined) {
    const controlFile = values['control-file'];
    const files = { orderFile, controlFile, resultFile: values['result-file'] };
    const restMs = Number(values['rest-ms'] ?? 0);
    if (restMs > 0 && controlFile !== undefined) {
      const programArguments = [
        ...(values.lanes === undefined ? [] : [`--lanes=${values.lanes}`]),
        ...(values['no-flush'] ? ['--no-flush'] : []),
      ];
      runServeProgram(__filename, { ...files, controlFile, restMs, programArguments });
    } else runFileProgram(__filename, { ...files, lanes, flush });
    return;
  }
  const stdinEnd = values['ignore-stdin-end'] ? 'ignored' : 'stops';
  runProgram(__filename, { lanes, flush, stdinEnd });
}

main();
