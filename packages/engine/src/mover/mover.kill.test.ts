import * as fs from 'node:fs';
import path from 'node:path';

import { MIB } from '../bytes';
import { buildMover } from '../testing/build-mover';
import { moverScene, plainStateDigest, plainWindowsDigest } from '../testing/mover-scene';
import { tempFolder } from '../testing/temp-folder';
import { LocalMover } from './local-mover';
import type { ApplyOrder, Receipt, WindowReport } from './mover';

const folder = tempFolder();
const SEED = Number(process.env['KILL_SEED'] ?? 1);
const KILLS = Number(process.env['KILLS'] ?? 6);

/** Kills the mover at random moments; what was reported is never done again. */
async function applyWithKills(
  make: (windowsDone: readonly WindowReport[]) => Promise<ApplyOrder>,
  random: () => number,
): Promise<{ receipt: Receipt; windows: WindowReport[]; kills: number }> {
  const windows: WindowReport[] = [];
  for (let kills = 0; ; kills++) {
    const order = await make(windows);
    const mover = new LocalMover({ program: buildMover() });
    // The first look may come before the process is up: then nothing happened yet, which is a moment too.
    const status = await mover.attend(
      { ...order, bytesPerSecond: 3 * MIB },
      kills < KILLS ? Math.floor(random() * 1500) : 60_000,
    );
    await mover.close();
    // Reported up to the kill: the store would hold them.
    windows.push(
      ...status.windows,
      ...(await mover.attend(order, 0).catch(() => ({ windows: [] }))).windows,
    );
    if (status.state === 'done') return { receipt: status.receipt, windows, kills };
    if (status.state === 'failed') throw new Error(JSON.stringify(status.error));
  }
}

it(`killed at random moments and resumed, base and delta end as if nothing had been (seed ${SEED})`, async () => {
  const scene = moverScene(path.join(folder, 'scene'), 8 * MIB, SEED);
  let state = SEED >>> 0;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const steps = [
    [(windowsDone: readonly WindowReport[]) => scene.base({ windowsDone }), scene.baseContent],
    [(windowsDone: readonly WindowReport[]) => scene.delta({ windowsDone }), scene.deltaContent],
  ] as const;
  for (const [make, content] of steps) {
    const { receipt, windows } = await applyWithKills(make, random);
    expect(new Set(windows.map(window => window.index)).size).toBe(windows.length);
    expect(receipt.windowsDigest).toBe(plainWindowsDigest(windows));
    expect(receipt.stateDigest).toBe(plainStateDigest(content));
    expect(fs.readFileSync(scene.volume).equals(content)).toBe(true);
  }
}, 360_000);
