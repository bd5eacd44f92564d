/** Every state of every view, from fixtures, in a real browser: no rule of accessibility is broken, no error said. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { freePort } from './backstage-process';
import { axeViolations, describeWithBrowser, launchBrowser } from './browser';

const root = path.resolve(__dirname, '../..');

describeWithBrowser('the gallery', () => {
  let program: ChildProcess;
  let browser: Browser;
  let url: string;
  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    program = spawn(
      process.execPath,
      [path.join(root, 'scripts', 'gallery.mjs'), '--port', String(port)],
      { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await untilSaid(program, 'Gallery: ');
    browser = await launchBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    if (program.exitCode !== null) return;
    program.kill('SIGTERM');
    await once(program, 'exit');
  });

  it.each([
    ['light', 1280],
    ['dark', 480],
  ] as const)(
    '%s, %d pixels wide: axe finds nothing in any state',
    async (colorScheme, width) => {
      const viewport = { width, height: 900 };
      const page = await browser.newPage({ colorScheme, viewport });
      const errors: string[] = [];
      page.on('pageerror', error => errors.push(String(error)));
      await page.goto(`${url}/gallery`);
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

async function untilSaid(program: ChildProcess, words: string): Promise<void> {
  let said = '';
  for await (const part of program.stdout ?? []) {
    said += String(part);
    if (said.includes(words)) return;
  }
  throw new Error(`The gallery ended: ${said}`);
}
