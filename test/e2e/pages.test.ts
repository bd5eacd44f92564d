/** Every page of the built app in a real browser: there, without complaints, and for everyone. */
import type { Browser } from 'playwright-core';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { startBackstage, type Backstage } from './backstage-process';
import { axeViolations, describeWithBrowser, launchBrowser, signIn } from './browser';

describeWithBrowser('pages', () => {
  const folder = tempFolder();
  let backstage: Backstage;
  let browser: Browser;

  beforeAll(async () => {
    [backstage, browser] = await Promise.all([startBackstage(folder), launchBrowser()]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await backstage?.stop();
  });

  it('the list of migrations', async () => {
    const person = await signIn(browser, backstage.url);
    expect(await axeViolations(person.page)).toEqual([]);
    expect(person.complaints()).toEqual([]);
    await person.close();
  });
});
