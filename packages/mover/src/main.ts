/**
 * The mover program: an order on stdin, reports on stdout. Threads run this file again.
 * `--lanes=N`, `--no-flush` and `--ignore-stdin-end` are for measuring: the engine passes none of them.
 */
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';

import { MOVER_VERSION, runProgram, runThread } from '@vm-migrate/engine/mover';

function main(): void {
  if (!isMainThread) {
    void runThread();
    return;
  }
  const { values } = parseArgs({
    options: {
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
  const lanes =
    values.lanes === undefined ? undefined : Math.max(1, Number.parseInt(values.lanes, 10));
  runProgram(__filename, {
    lanes,
    flush: values['no-flush'] ? 'none' : 'checkpoints',
    stdinEnd: values['ignore-stdin-end'] ? 'ignored' : 'stops',
  });
}

main();
