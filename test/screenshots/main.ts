/**
 * Writes docs/images: the pages of the built app, with VMs made for it, in a real browser. Every picture is
 * to be looked at before it is committed.
 *
 *   node test/dist/screenshots.cjs FOLDER [NAME...]     only those pictures
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { apiClient } from '@vm-migrate/api';
import { endBackground } from '../../kubectl-plugin/src/testing/background';
import { startBackstage, vmsFolder } from '../e2e/backstage-process';
import { launchBrowser } from '../e2e/browser';
import { inCatalog } from '../e2e/in-catalog';
import { until } from '../kill/until';
import { useFonts } from './fonts';
import { Camera } from './camera';
import { MOVING, PICTURES, RUNNING, type Picture } from './pictures';
import { setRunning, setScene, setWaiting } from './scene';
import { TOUR_VMS, writeTourVms } from './tour-vms';

/** Always the same one: paths of VMs stand on the pictures. Made here, so that it is nobody else's. */
const TOUR = path.join(tmpdir(), 'tour');

const [into, ...names] = process.argv.slice(2);
if (into === undefined) {
  process.stderr.write('usage: node screenshots.cjs FOLDER [NAME...]\n');
  process.exit(2);
}
void take(into, names);

async function take(folder: string, only: readonly string[]): Promise<void> {
  const wanted = ({ name }: Picture) => only.length === 0 || only.includes(name);
  makeTour();
  mkdirSync(folder, { recursive: true });
  // None stays that nobody takes any more.
  if (only.length === 0)
    for (const file of readdirSync(folder).filter(name => name.endsWith('.png')))
      rmSync(path.join(folder, file));
  useFonts(TOUR);
  writeTourVms(vmsFolder(TOUR));
  const backstage = await startBackstage(TOUR);
  const browser = await launchBrowser();
  try {
    const api = apiClient({
      baseUrl: () => `${backstage.url}/api/vm-migrate`,
      token: () => backstage.token(),
    });
    // Each migration has its VM's entity and owner from the beginning.
    await until(async () => (await inCatalog(backstage, 'resource')) > TOUR_VMS, 60_000);
    const rest = await setScene(api, vmsFolder(TOUR));
    const camera = new Camera(browser, backstage.url, folder);
    const scene = { ...rest, ...(await setRunning(api)) };
    for (const picture of RUNNING.filter(wanted)) await camera.take(picture, scene);
    await setWaiting(api, scene);
    // Those of what moves first: it does so for a minute.
    for (const picture of [...MOVING, ...PICTURES].filter(wanted))
      await camera.take(picture, scene);
  } finally {
    await browser.close();
    await backstage.stop();
    // With what still moves on the pictures it would work on, and write into what is removed.
    await endBackground(path.join(backstage.folder, 'state'));
    rmSync(TOUR, { recursive: true, force: true });
  }
}

/** Before anything is thrown away: two runs would take each other's pictures. */
function makeTour(): void {
  try {
    mkdirSync(TOUR);
  } catch (error) {
    process.stderr.write(
      `${TOUR} is there (${String(error)}): another run, or what is left of one that was ended. Remove it, then run this again.\n`,
    );
    process.exit(1);
  }
}
