/**
 * A page that is open and a terminal, on one database: what one does the other sees within two seconds,
 * without a reload, and can steer. The page notes by its own clock when it shows a thing.
 */
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import {
  begin,
  run,
  worldIn,
  type Running,
  type World,
} from '../../kubectl-plugin/src/testing/run-program';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { writeSmallVm } from '../kill/small-vm';
import { PromisedTimes } from '../promised-times';
import { startBackstage, vmsFolder, type Backstage } from './backstage-process';
import { axeViolations, describeWithBrowser, launchBrowser, signIn, type Person } from './browser';
import { lookFor } from './seen-at';

const MIB = 1024 * 1024;
/** A promise of the product, from the return of the command. It is never widened: what is slow once is the machine. */
const VISIBLE_MS = 2_000;
const ROW = '[role="row"], tr';

describeWithBrowser('a page and a terminal on one database', () => {
  const folder = tempFolder();
  let backstage: Backstage;
  let browser: Browser;
  let person: Person;
  let page: Page;
  let terminal: World;
  const running: Running[] = [];
  const visible = new PromisedTimes(VISIBLE_MS);

  beforeAll(async () => {
    for (const seed of [1, 2])
      writeSmallVm(path.join(vmsFolder(folder), `small-${seed}`), { seed, baseBytes: 8 * MIB });
    // First what is closed in any case.
    browser = await launchBrowser();
    backstage = await startBackstage(folder);
    terminal = worldIn(folder, {
      VM_MIGRATE_CONFIG: backstage.configFile,
      VM_MIGRATE_STATE_FOLDER: path.join(backstage.folder, 'state'),
    });
    // So slow that nothing ends by itself while it is looked at.
    await succeeds('limits', 'all', '--rate', '64K');
    person = await signIn(browser, backstage.url);
    page = person.page;
  }, 240_000);
  afterAll(async () => {
    running.forEach(({ child }) => child.kill('SIGKILL'));
    await Promise.all(running.map(({ ended }) => ended));
    await browser?.close();
    await backstage?.stop();
  });

  async function succeeds(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(terminal, ...args);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  }

  /** What the terminal does stands in the open page in time. Answers what the terminal said. */
  async function isSeenInTime(selector: string, words: string[], args: string[]): Promise<string> {
    const opened = await page.evaluate(() => performance.timeOrigin);
    const sight = await lookFor(page, selector, words);
    const said = await succeeds(...args);
    const returnedAt = Date.now();
    visible.add(`the page sees "${args.join(' ')}"`, (await sight.at()) - returnedAt);
    expect(await page.evaluate(() => performance.timeOrigin)).toBe(opened);
    return said;
  }

  async function stateAtTerminal(vm: string): Promise<string> {
    const { items } = JSON.parse(
      await succeeds('get', 'migrations', '-l', `vm=${vm}`, '-o', 'json'),
    ) as { items: { state: string }[] };
    expect(items).toHaveLength(1);
    return items[0]?.state ?? '';
  }

  function rowOf(vm: string): Locator {
    return page.getByRole('row').filter({ hasText: vm });
  }

  it('shows in the open list what a terminal starts', async () => {
    await page.getByText('Nothing has been migrated yet').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect(person.complaints()).toEqual([]);
    await isSeenInTime(ROW, ['small 1', 'running'], ['start', 'demo/small 1', '--detach']);
  }, 180_000);

  it('pauses it by clicking, and the terminal knows', async () => {
    await rowOf('small 1').getByRole('checkbox').click({ force: true });
    await page.getByRole('toolbar').getByRole('button', { name: 'Pause' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('small 1').waitFor();
    await dialog.getByRole('button', { name: 'Pause it' }).click();
    await dialog.getByText('1 of 1 done').waitFor();
    expect(await stateAtTerminal('small 1')).toBe('paused');
    await dialog.getByRole('button', { name: 'Close' }).first().click();
    expect(await axeViolations(page)).toEqual([]);
    // Nobody waits for ever for what is paused.
    expect(
      await run(terminal, 'wait', 'demo/small 1', '--for=migrated', '--timeout', '1s'),
    ).toMatchObject({ code: 4 });
  }, 180_000);

  it('sees the terminal go on with it', async () => {
    await isSeenInTime(ROW, ['small 1', 'running'], ['resume', 'demo/small 1']);
  }, 180_000);

  it('starts another one, which the terminal sees in time', async () => {
    const logs = begin(terminal, 'logs', '-f');
    running.push(logs);
    await logs.until(/small 1/);
    await page.getByRole('link', { name: 'New migration' }).first().click();
    await page.getByRole('link', { name: 'small 2' }).click();
    const answered = page
      .waitForResponse(answer => answer.url().endsWith('/v1/start'))
      .then(() => Date.now());
    await page.getByRole('button', { name: 'Start now' }).click();
    await logs.until(/small 2/);
    visible.add('the terminal sees a start', Date.now() - (await answered));
    expect(await stateAtTerminal('small 2')).toBe('running');
  }, 180_000);

  it('shows on the page of a migration that the terminal pauses it', async () => {
    await page.waitForURL(/\/vm-migrate\/migrations\/m-[a-z0-9]+/);
    await page.getByText('running', { exact: true }).first().waitFor();
    await isSeenInTime('[data-state="paused"]', ['paused'], ['pause', 'demo/small 2']);
  }, 180_000);

  it('goes on with it by clicking, and whoever waits at the terminal gets to the end', async () => {
    const waiting = begin(terminal, 'wait', 'demo/small 2', '--for=migrated');
    running.push(waiting);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('[data-state="running"]').first().waitFor();
    const sight = await lookFor(page, '[data-state="migrated"]', ['migrated']);
    await succeeds('limits', 'all', '--rate', 'none');
    const { code, stdout } = await waiting.ended;
    const returnedAt = Date.now();
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('migrated') });
    visible.add('the page sees the end', (await sight.at()) - returnedAt);
    visible.expectKept();
    expect(person.complaints()).toEqual([]);
  }, 240_000);
});
