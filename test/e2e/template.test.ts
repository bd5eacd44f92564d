/** The software templates by clicking: choose, look at the plan in the form, accept, start, wait, and follow the links; and several VMs at once. */
import path from 'node:path';
import { apiClient, type ApiClient } from '@vm-migrate/api';
import type { Browser, Page } from 'playwright-core';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { writeSmallVm } from '../kill/small-vm';
import { until } from '../kill/until';
import { startBackstage, vmsFolder, type Backstage } from './backstage-process';
import { axeViolations, describeWithBrowser, launchBrowser, signIn } from './browser';
import { inCatalog } from './in-catalog';

const VM = 'Büro-Server "Alpha" – пример';
/** With its two newest snapshots only: the side branch has its own changes, which nothing kept holds. */
const BLOCKING = 'snapshot-dropped:4';
const RUN_MS = 120_000;
/** What is ours in the scaffolder's form. */
const FIELD = 'form [role="group"][aria-labelledby]';

describeWithBrowser('a software template', () => {
  const folder = tempFolder();
  let backstage: Backstage;
  let browser: Browser;
  let page: Page;
  let api: ApiClient;

  beforeAll(async () => {
    for (const seed of [1, 2])
      writeSmallVm(path.join(vmsFolder(folder), `small-${seed}`), { seed });
    // First what is closed in any case.
    browser = await launchBrowser();
    backstage = await startBackstage(folder);
    const { url } = backstage;
    api = apiClient({ baseUrl: () => `${url}/api/vm-migrate`, token: () => backstage.token() });
    ({ page } = await signIn(browser, backstage.url));
    // The page of templates looks once: the catalog has read them a moment after the start.
    await until(
      async () =>
        (await inCatalog(backstage, 'template')) === 2 &&
        (await inCatalog(backstage, 'resource')) === 3,
      90_000,
    );
  }, 240_000);
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

  /** Up to the plan of the VM with its two newest snapshots. */
  async function planTwoNewest(): Promise<void> {
    await choose('Migrate a VM');
    await page.getByRole('combobox', { name: 'VM' }).fill('Alpha');
    await page.getByRole('option', { name: VM }).click();
    await press('Next');
    await select('Which snapshots stay', 'The newest');
    await page.getByLabel('How many').fill('2');
    const place = page.getByRole('group', { name: 'Where to' });
    await place.getByRole('button', { name: /local \(default\)/ }).waitFor();
    await place.getByRole('button', { name: /by rule: fast/ }).waitFor();
    expect(await axeViolations(page, FIELD)).toEqual([]);
    await press('Next');
    await plan().getByText('2 of 6 snapshots').waitFor({ timeout: RUN_MS });
    // A plan of before is shown until it is the one of now.
    await plan().getByText('One finding must be accepted first.').waitFor();
  }

  const plan = () => page.getByRole('group', { name: 'The plan' });
  const refusal = () =>
    page.getByText('One finding blocks the plan: accept it, or mend it.').last();

  async function create(howFar: string): Promise<void> {
    await select('How far', howFar);
    await press('Review');
    await page.getByText(howFar, { exact: true }).waitFor();
    await page.getByText(/^Büro-Server .*: 2 of 6 snapshots to local \(fast\), /).waitFor();
    await press('Create');
  }

  it('shows what a plan finds, and starts nothing', async () => {
    await planTwoNewest();
    await plan().getByText(BLOCKING).first().waitFor();
    // Who only plans need not accept what blocks.
    await create('Only plan, and show what was found');
    await page.getByText(`${BLOCKING} (can be accepted)`).waitFor({ timeout: RUN_MS });
    expect(await api.call('getMigrations', {})).toEqual([]);
  }, 300_000);

  it('does not go on before what blocks is accepted; then it starts, waits for the end and leads to what it became', async () => {
    await planTwoNewest();
    await plan().getByText('State of a snapshot is not carried').waitFor();
    await plan().getByText('dropped with its branch').waitFor();
    await press('Review');
    await refusal().waitFor();
    expect(await axeViolations(page, FIELD)).toEqual([]);
    await plan()
      .getByRole('checkbox', { name: new RegExp(BLOCKING) })
      // The box itself lies over the input.
      .click({ force: true });
    await create('Start it, and wait for the end');
    const link = page.getByRole('link', { name: 'The migrated VM' });
    await link.waitFor({ timeout: RUN_MS });
    const task = page.url();
    await link.click();
    await page.waitForURL(/\/catalog\/default\/resource\//);
    await page.getByText('migrated-virtual-machine').first().waitFor();
    await page.goto(task);
    await page.getByRole('link', { name: 'The migration', exact: true }).click();
    await page.waitForURL(/\/vm-migrate\/migrations\/m-[a-z0-9]+/);
    await page.getByText('2 of 2 ready').waitFor({ timeout: RUN_MS });
    const migration = path.basename(new URL(page.url()).pathname);
    const snapshots = await api.call('getSnapshots', { migration });
    expect(
      snapshots.filter(({ volumeSnapshots }) => volumeSnapshots.length > 0).map(({ name }) => name),
    ).toEqual(['nach dem Test 100 % grün', '本番前 ✓']);
    const { findings } = await api.call('describe', { migration });
    expect(
      findings.filter(({ acceptedBy }) => acceptedBy !== undefined).map(({ id }) => id),
    ).toEqual([BLOCKING]);
  }, 300_000);

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
    const place = page.getByRole('group', { name: 'Where to' });
    await place.getByRole('button', { name: /by rule: fast/ }).click();
    await page.getByRole('option', { name: 'fast', exact: true }).click();
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
  }, 300_000);
});
