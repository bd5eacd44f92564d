/** A file of the source goes away in the middle; when it is back, one click goes on. And the page in another language. */
import { renameSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { startBackstage, type Backstage } from './backstage-process';
import { axeViolations, describeWithBrowser, launchBrowser, signIn } from './browser';

const VM = 'Büro-Server "Alpha" – пример';
const DELTA = 'Beispiel VM-000002.vmdk';
const MIGRATION_MS = 120_000;

describeWithBrowser('a migration that fails', () => {
  const folder = tempFolder();
  let backstage: Backstage;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    // First what is closed in any case.
    browser = await launchBrowser();
    backstage = await startBackstage(folder);
    ({ page } = await signIn(browser, backstage.url));
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await backstage?.stop();
  });

  it('says what failed, and goes on by a click when it is mended', async () => {
    await page.getByRole('link', { name: 'New migration' }).first().click();
    await page.getByRole('link', { name: VM }).click();
    await page.getByRole('button', { name: 'Start paused' }).click();
    await page.getByText('paused', { exact: true }).first().waitFor();
    const file = path.join(backstage.folder, 'vms', 'example', DELTA);
    renameSync(file, `${file}.away`);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('failed', { exact: true }).first().waitFor({ timeout: MIGRATION_MS });
    await page.getByText(DELTA).first().waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('link', { name: 'Migrations', exact: true }).click();
    await page.getByRole('row').filter({ hasText: 'FILE_MISSING' }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('link', { name: VM, exact: true }).click();
    renameSync(`${file}.away`, file);
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByText('6 of 6 ready').waitFor({ timeout: MIGRATION_MS });
  }, 300_000);

  it('speaks German to whoever chose it in the settings', async () => {
    await page.goto(`${backstage.url}/settings`);
    await page.getByText('English', { exact: true }).click();
    await page.getByRole('option', { name: 'Deutsch' }).click();
    await page.goto(`${backstage.url}/vm-migrate`);
    await page.getByRole('link', { name: 'Migrationen', exact: true }).waitFor();
    await page.getByRole('link', { name: VM, exact: true }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
  }, 180_000);
});
