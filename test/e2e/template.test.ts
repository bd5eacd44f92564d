/** The software templates by clicking: look at the findings of a plan, start it, wait, and follow the links; and several VMs at once. */
import path from 'node:path';
import { apiClient, type ApiClient } from '@vm-migrate/api';
import type { Browser, Page } from 'playwright-core';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { writeSmallVm } from '../kill/small-vm';
import { until } from '../kill/until';
import { startBackstage, vmsFolder, type Backstage } from './backstage-process';
import { describeWithBrowser, launchBrowser, signIn } from './browser';
import { inCatalog } from './in-catalog';

const VM = 'Büro-Server "Alpha" – пример';
/** With its two newest snapshots only: the side branch has its own changes, which nothing kept holds. */
const BLOCKING = 'snapshot-dropped:4';
const RUN_MS = 120_000;

describeWithBrowser('a software template', () => {
  const folder = tempFolder();
  let backstage: Backstage;
  let browser: Browser;
  let page: Page;
  let api: ApiClient;

  beforeAll(async () => {
    for (const seed of [1, 2])
      writeSmallVm(path.join(vmsFolder(folder), `small-${seed}`), { seed });
    [backstage, browser] = await Promise.all([startBackstage(folder), launchBrowser()]);
    const { url } = backstage;
    api = apiClient({ baseUrl: () => `${url}/api/vm-migrate`, token: () => backstage.token() });
    ({ page } = await signIn(browser, backstage.url));
    // The page of templates looks once: the catalog has read them a moment after the start.
    await until(
      async () =>
        (await inCatalog(backstage, 'template')) === 2 &&
        (await inCatalog(backstage, 'resource')) === 3,
    );
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await backstage?.stop();
  });

  async function choose(template: string): Promise<void> {
    await page.getByRole('link', { name: 'Create', exact: true }).first().click();
    const card = page.locator('.MuiCard-root').filter({ hasText: template });
    await card.getByRole('button', { name: 'Choose' }).click();
  }

  async function select(label: string, option: string): Promise<void> {
    await page.getByLabel(label).click();
    await page.getByRole('option', { name: option, exact: true }).click();
  }

  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

  async function fillIn(howFar: string, accept?: string): Promise<void> {
    await page.getByRole('combobox', { name: 'VM' }).fill('Alpha');
    await page.getByRole('option', { name: VM }).click();
    await press('Next');
    await select('Which snapshots stay', 'The newest');
    await page.getByLabel('How many').fill('2');
    await press('Next');
    await select('How far', howFar);
    if (accept !== undefined) {
      await page.getByRole('button', { name: 'Add Item' }).click();
      await page.getByLabel(/^Finding(?!s)/).fill(accept);
    }
    await press('Review');
    await page.getByText(howFar, { exact: true }).waitFor();
    await press('Create');
  }

  it('shows what a plan finds, and starts nothing', async () => {
    await choose('Migrate a VM');
    await fillIn('Only plan, and show what was found');
    await page.getByText('2 of 6 snapshots').waitFor({ timeout: RUN_MS });
    await page.getByText(`${BLOCKING} (can be accepted)`).waitFor();
    expect(await api.call('getMigrations', {})).toEqual([]);
  }, 60_000);

  it('stops for what blocks and nobody accepted', async () => {
    await choose('Migrate a VM');
    await fillIn('Start it');
    await page
      .getByText(/PLAN_BLOCKED/)
      .first()
      .waitFor({ timeout: RUN_MS });
    expect(await api.call('getMigrations', {})).toEqual([]);
  }, 60_000);

  it('starts it, waits for its end and leads to what it became', async () => {
    await choose('Migrate a VM');
    await fillIn('Start it, and wait for the end', BLOCKING);
    const link = page.getByRole('link', { name: 'The migrated VM' });
    await link.waitFor({ timeout: RUN_MS });
    const task = page.url();
    await link.click();
    await page.waitForURL(/\/catalog\/default\/resource\//);
    await page.getByText('migrated-virtual-machine').first().waitFor();
    await page.goto(task);
    await page.getByRole('link', { name: 'The migration', exact: true }).click();
    await page.waitForURL(/\/vm-migrate\/migrations\/m-[a-z0-9]+/);
    await page.getByText('2 of 2 ready').waitFor();
    const migration = path.basename(new URL(page.url()).pathname);
    const snapshots = await api.call('getSnapshots', { migration });
    expect(
      snapshots.filter(({ volumeSnapshots }) => volumeSnapshots.length > 0).map(({ name }) => name),
    ).toEqual(['nach dem Test 100 % grün', '本番前 ✓']);
  }, 150_000);

  it('of a list migrates each of them', async () => {
    await choose('Migrate several VMs');
    const fields = page.getByRole('combobox', { name: 'VM' });
    for (const [at, vm] of ['small 1', 'small 2'].entries()) {
      // One is there from the beginning.
      if (at > 0) await page.getByRole('button', { name: /add/i }).click();
      await fields.nth(at).fill(vm);
      await page.getByRole('option', { name: vm }).click();
    }
    await press('Next');
    await page.getByLabel('Wait so many minutes at most').fill('5');
    await press('Review');
    await press('Create');
    await page.getByRole('link', { name: 'Migrations', exact: true }).waitFor({ timeout: RUN_MS });
    expect(
      (await api.call('getMigrations', {}))
        .filter(({ vm }) => vm.startsWith('small'))
        .map(({ vm, state }) => `${vm}: ${state}`)
        .sort(),
    ).toEqual(['small 1: migrated', 'small 2: migrated']);
  }, 150_000);
});
