/** A newcomer migrates the example VM by clicking, and looks at it from everywhere; in a real browser, on the built app. */
import type { Browser, Page } from 'playwright-core';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { startBackstage, type Backstage } from './backstage-process';
import { axeViolations, describeWithBrowser, launchBrowser, signIn, type Person } from './browser';

const VM = 'Büro-Server "Alpha" – пример';
/** A copy of half a GiB, read back, on two busy processors. */
const MIGRATION_MS = 120_000;

describeWithBrowser('a migration by clicking', () => {
  const folder = tempFolder();
  let backstage: Backstage;
  let browser: Browser;
  let person: Person;
  let page: Page;

  beforeAll(async () => {
    // First what is closed in any case.
    browser = await launchBrowser();
    backstage = await startBackstage(folder);
    person = await signIn(browser, backstage.url);
    page = person.page;
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await backstage?.stop();
  });

  /** Nothing that is wrong without being seen. */
  async function isSound(): Promise<void> {
    expect(await axeViolations(page)).toEqual([]);
    expect(person.complaints()).toEqual([]);
  }

  it('plans, and starts paused', async () => {
    await page.getByRole('link', { name: 'New migration' }).first().click();
    await page.getByRole('link', { name: VM }).click();
    await page.getByRole('button', { name: 'Start now' }).waitFor();
    await isSound();
    await page.getByRole('button', { name: 'Start paused' }).click();
    await page.waitForURL(/\/vm-migrate\/migrations\/m-[a-z0-9]+/);
    await page.getByText('paused', { exact: true }).first().waitFor();
    await isSound();
  }, 180_000);

  it('is resumed, and carries all snapshots over', async () => {
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('6 of 6 ready').waitFor({ timeout: MIGRATION_MS });
    await page.getByText('migrated', { exact: true }).first().waitFor({ timeout: MIGRATION_MS });
    const grid = page.getByRole('treegrid');
    await grid.getByText('You are here').first().waitFor();
    expect(await grid.getByText('You are here').count()).toBe(1);
    expect(await grid.getByText('nach dem Test 100 % grün').count()).toBe(1);
    await isSound();
  }, 300_000);

  it.each(['Timeline', 'Events', 'Findings', 'Report'])(
    'has a sound tab: %s',
    async name => {
      await page.getByRole('link', { name }).first().click();
      await page.waitForURL(new RegExp(`/${name.toLowerCase()}$`));
      await isSound();
    },
    180_000,
  );

  it('stands in the list, with its counts', async () => {
    await page.getByRole('link', { name: 'Migrations', exact: true }).click();
    await page.getByRole('link', { name: VM }).first().waitFor();
    await isSound();
  }, 180_000);

  it('is done by a worker that the page of places names', async () => {
    await page.getByRole('link', { name: 'Sources and workers' }).click();
    await page.getByText('local-directory').first().waitFor();
    await isSound();
  }, 180_000);

  it('has its history on the entity of the VM', async () => {
    await page.goto(`${backstage.url}/catalog?filters%5Bkind%5D=resource`);
    await page.getByRole('link', { name: VM }).first().click();
    await page.getByRole('link', { name: 'Snapshot history' }).click();
    await page.getByRole('treegrid').getByText('You are here').waitFor();
  }, 180_000);

  it('is there in the dark, and on a narrow window', async () => {
    const other = await signIn(browser, backstage.url, { scheme: 'dark', width: 480 });
    await other.page.getByText(VM).first().waitFor();
    expect(await axeViolations(other.page)).toEqual([]);
    await other.close();
  }, 180_000);
});
