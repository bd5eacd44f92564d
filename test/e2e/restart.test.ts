/** A backend that ends and comes back under an open page: the page says so, and comes right by itself. */
import path from 'node:path';
import { apiClient } from '@vm-migrate/api';
import type { Browser, Page } from 'playwright-core';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { writeSmallVm } from '../kill/small-vm';
import { startBackstage, vmsFolder, type Backstage } from './backstage-process';
import { axeViolations, describeWithBrowser, launchBrowser, signIn } from './browser';

/** Of noticing: the hub's own times, and a slow machine. */
const NOTICED_MS = 30_000;

describeWithBrowser('a restart of the backend under an open page', () => {
  const folder = tempFolder();
  let backstage: Backstage;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    writeSmallVm(path.join(vmsFolder(folder), 'small-1'), { seed: 1 });
    // First what is closed in any case.
    browser = await launchBrowser();
    backstage = await startBackstage(folder);
    ({ page } = await signIn(browser, backstage.url));
    await page.getByText('Nothing has been migrated yet').waitFor();
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await backstage?.stop();
  });

  it('is said while it is away, and what happens afterwards is shown without a reload', async () => {
    const opened = await page.evaluate(() => performance.timeOrigin);
    await page.getByText('Live', { exact: true }).waitFor();
    await backstage.stop();
    const banner = page.getByRole('alert').or(page.getByText(LOST)).first();
    await banner.waitFor({ timeout: NOTICED_MS });
    expect(await axeViolations(page)).toEqual([]);

    backstage = await startBackstage(folder, { port: backstage.port });
    await page.getByText('Live', { exact: true }).waitFor({ timeout: NOTICED_MS });
    await page.getByText(LOST).waitFor({ state: 'detached', timeout: NOTICED_MS });
    const { url } = backstage;
    const api = apiClient({
      baseUrl: () => `${url}/api/vm-migrate`,
      token: () => backstage.token(),
    });
    await api.call('start', { vm: 'demo/small 1' });
    await page
      .getByRole('row')
      .filter({ hasText: 'small 1' })
      .getByText('migrated')
      .waitFor({ timeout: 60_000 });
    expect(await page.evaluate(() => performance.timeOrigin)).toBe(opened);
  }, 300_000);
});

const LOST = /The backend does not answer/;
