/** A real browser, a person who is signed in, and what goes wrong without being seen: errors on the console, rules of accessibility. */
import { existsSync, readFileSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export interface Look {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly language?: string;
}

const program = '/usr/bin/chromium';

/** On CI it must be there; elsewhere what needs it is skipped, with the reason in the title. */
export function describeWithBrowser(name: string, body: () => void): void {
  if (existsSync(program) || process.env.CI === 'true') describe(name, body);
  else describe.skip(`${name} (Chromium is not installed)`, body);
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    // As root Chromium has no sandbox of its own; the pages are ours.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

export interface Person {
  readonly page: Page;
  /** What the console complained of since the last call. */
  complaints(): string[];
  close(): Promise<void>;
}

/** Signs in as a guest, by clicking. */
export async function signIn(browser: Browser, url: string, look: Look = {}): Promise<Person> {
  const context = await browser.newContext({
    viewport: { width: look.width ?? 1280, height: 900 },
    colorScheme: look.scheme ?? 'light',
    locale: 'en-GB',
    timezoneId: 'UTC',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const said: string[] = [];
  page.on('console', message => {
    if (message.type() === 'error') said.push(message.text());
  });
  page.on('pageerror', error => said.push(String(error)));
  await page.goto(`${url}/vm-migrate`);
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.getByRole('link', { name: 'Migrations', exact: true }).waitFor();
  return { page, complaints: () => said.splice(0), close: () => context.close() };
}

/** Of fades from one state to another: spinners and placeholders move for as long as something goes on. */
const NOTHING_FADES = `document.getAnimations().every(
  animation => !(animation instanceof CSSTransition) || animation.playState !== 'running'
)`;

/** Violations of WCAG 2 levels A and AA within our content, one line each. */
export async function axeViolations(page: Page, within = 'main'): Promise<string[]> {
  for (let looks = 1; ; looks++) {
    const violations = await axeLook(page, within);
    // What came while it was looked at may have been on its way; what a page looks like stays.
    if (violations.length === 0 || looks === MOST_LOOKS) return violations;
  }
}

const MOST_LOOKS = 3;

async function axeLook(page: Page, within: string): Promise<string[]> {
  // What is replaced by newer rows is faded, and what appears is on its way: neither is how a page looks.
  await page.locator(`${within} [data-stale="true"]`).first().waitFor({ state: 'detached' });
  await page.waitForFunction(NOTHING_FADES);
  await page.evaluate(axeSource);
  return page.evaluate(async selector => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run(selector, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'],
    });
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html} ${failureSummary ?? ''}`),
    );
  }, within);
}
