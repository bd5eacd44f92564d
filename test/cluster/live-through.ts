import { setTimeout as sleep } from 'node:timers/promises';

import { HOLD_MS, type Fault, type Mend } from './faults';
import type { Lab, LabEngine } from './lab';

/**
 * Begins the fault, waits until the engine has named it, keeps it for what VM_MIGRATE_HOLD_MS says,
 * and mends it. A line tells what was said, and when.
 * @throws Error when it is not named in time
 */
export function liveThrough(lab: Lab, engine: LabEngine, fault: Fault): Promise<void> {
  return liveThroughInTurn(lab, engine, [fault]);
}

/** Several, each begun before the one before it is mended: the same step meets them all. */
export async function liveThroughInTurn(
  lab: Lab,
  engine: LabEngine,
  faults: readonly Fault[],
): Promise<void> {
  let mend: Mend = () => Promise.resolve();
  try {
    for (const fault of faults) {
      const next = await fault.begin(lab, engine);
      await mend();
      mend = next;
      await namedAndHeld(lab, engine, fault);
    }
  } finally {
    await mend();
  }
}

async function namedAndHeld(lab: Lab, engine: LabEngine, { name, words }: Fault): Promise<void> {
  if (words !== undefined) {
    const said = await lab.named(engine, words).catch((error: unknown) => {
      throw new Error(`${name}: ${String(error)}\n${engine.fleet.logs()}`);
    });
    process.stderr.write(`  ${name}: after ${Math.round(said.afterMs)} ms "${said.words}"\n`);
  }
  await sleep(HOLD_MS);
}
