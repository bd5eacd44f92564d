/** Every state of every view, from fixtures, in a real browser: no rule of accessibility is broken, no error said. */
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { axeViolations, describeWithBrowser, launchBrowser } from './browser';
import { startGallery, type Gallery } from './gallery-process';

const root = path.resolve(__dirname, '../..');

describeWithBrowser('the gallery', () => {
  let gallery: Gallery;
  let browser: Browser;
  beforeAll(async () => {
    gallery = await startGallery(root);
    browser = await launchBrowser();
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await gallery?.stop();
  });

  it.each([
    ['light', 1280],
    ['dark', 480],
    ['light', 320],
  ] as const)(
    '%s, %d pixels wide: axe finds nothing in any state, and nothing is cut or scrolled sideways',
    async (colorScheme, width) => {
      const viewport = { width, height: 900 };
      const page = await browser.newPage({ colorScheme, viewport });
      const errors: string[] = [];
      page.on('pageerror', error => errors.push(String(error)));
      await page.goto(`${gallery.url}/gallery`);
      const entries = page.locator('main li a, li a[href^="/gallery/"]');
      await entries.first().waitFor();
      // Half way from one colour to the next is no colour of ours.
      await page.addStyleTag({
        content: '* { transition: none !important; animation: none !important }',
      });
      const addresses = await entries.evaluateAll(links =>
        links.map(link => link.getAttribute('href') ?? ''),
      );
      expect(addresses.length).toBeGreaterThan(70);
      const found: string[] = [];
      for (const address of addresses) {
        await show(page, address);
        for (const violation of await axeViolations(page, '[data-entry]'))
          found.push(`${address}: ${violation}`);
        if ((await overflow(page)) > 0) found.push(`${address}: wider than the window`);
        for (const scroller of await scrolledSideways(page))
          found.push(`${address}: ${scroller} is scrolled sideways`);
      }
      expect(found).toEqual([]);
      expect(errors).toEqual([]);
      await page.close();
    },
    240_000,
  );
});

/** As a link of the app does it; the page is not loaded anew. */
async function show(page: Page, address: string): Promise<void> {
  await page.evaluate(`
    history.pushState({}, '', ${JSON.stringify(address)});
    dispatchEvent(new PopStateEvent('popstate', { state: {} }));`);
  const id = new URL(address, 'http://gallery').pathname.split('/')[2] ?? '';
  await page.locator(`[data-entry="${id}"]`).waitFor();
  // Answers come at once, but not in the same turn; where one never comes its shape stays.
  await page.evaluate(`new Promise(resolve => {
    requestIdleCallback(() => requestAnimationFrame(resolve), { timeout: 500 });
  })`);
}

/** Pixels by which the page is wider than the window. */
function overflow(page: Page): Promise<number> {
  return page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
}

/** What is wider inside than outside. Commands are one line, and the report is a document with tables of its own. */
function scrolledSideways(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`
    [...document.querySelectorAll('[data-entry] *')]
      .filter(({ localName }) => localName !== 'code' && localName !== 'article')
      .filter(({ scrollWidth, clientWidth }) => clientWidth > 1 && scrollWidth > clientWidth + 1)
      .filter(element => ['auto', 'scroll'].includes(getComputedStyle(element).overflowX))
      .map(({ localName, className }) => localName + '.' + className)`);
}
