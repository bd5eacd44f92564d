/** Our packages as they are published, in a Backstage of somebody else. `npm run test:install` packs them first. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { MigrationView, VmView } from '@vm-migrate/api';
import type { Browser } from 'playwright-core';
import { describeWithBrowser, launchBrowser, signIn, type Person } from '../e2e/browser';
import type { Backstage } from '../e2e/backstage-process';
import { untilThere } from '../until';
import { ensureExampleVm, startConsumer, writeConfig } from './consumer-backend';
import { lockedVersions, root, run, writeConsumer, type Tarball } from './make-consumer';

const minutes = 60_000;
const packed = JSON.parse(readFileSync(path.join(root, 'dist/packages/packed.json'), 'utf8')) as {
  readonly tarballs: readonly Tarball[];
  readonly problems: readonly string[];
};

/** A folder that is named is kept, and used again. */
const given = process.env['VM_MIGRATE_INSTALL_FOLDER'];
const folder = given ?? mkdtempSync(path.join(os.tmpdir(), 'vm-migrate-install-'));
const hasLegacy = !packed.problems.some(problem => problem.includes('vm-migrate/legacy: '));

beforeAll(async () => {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeConsumer(folder, packed.tarballs, { hasLegacy });
  ensureExampleVm(folder);
  const { status, output } = await run(folder, 'yarn', ['install']);
  if (status !== 0) throw new Error(output);
}, 15 * minutes);
afterAll(() => {
  if (given === undefined) rmSync(folder, { recursive: true, force: true });
});

describe('packages as they are published', () => {
  it('hold all that their package.json promises', () => {
    expect(packed.problems).toEqual([]);
  });

  it('take every other package in the version of our yarn.lock', () => {
    const ours = lockedVersions(root);
    const others = [...lockedVersions(folder)].flatMap(([name, versions]) =>
      versions
        .filter(version => ours.get(name)?.includes(version) !== true)
        .map(version => `${name} ${version}`),
    );
    expect(others).toEqual([]);
  });

  const modules = packed.tarballs
    .map(({ name }) => name)
    .filter(name => !/(plugin-vm-migrate|\/mover|\/kubectl-plugin)$/.test(name))
    .flatMap(name => (name === '@vm-migrate/engine' ? [name, `${name}/mover`] : [name]));
  it.each(modules)('%s is loaded by require and by import', async name => {
    const code = `
      const required = Object.keys(require('${name}'));
      import('${name}').then(imported => {
        const lost = required.filter(key => key !== '__esModule' && !(key in imported));
        if (required.length === 0 || lost.length > 0) throw new Error('lost: ' + lost.join());
      });`;
    expect(await run(folder, 'node', ['--no-warnings', '-e', code])).toEqual({
      status: 0,
      output: '',
    });
  });

  it(
    'have types for bundlers',
    async () => {
      const said = await run(folder, 'tsc', ['-p', 'tsconfig.json', '--pretty', 'false']);
      expect(said).toEqual({ status: 0, output: '' });
    },
    5 * minutes,
  );

  it(
    'have types for Node, by import and by require',
    async () => {
      const { output } = await run(folder, 'tsc', [
        '-p',
        'tsconfig.node16.json',
        '--pretty',
        'false',
      ]);
      // Declarations of others are theirs.
      const isOurs = (line: string) => /^(types\/|node_modules\/@vm-migrate\/)/.test(line);
      expect(output.split('\n').filter(isOurs)).toEqual([]);
    },
    5 * minutes,
  );

  it(
    'bring the schema of their settings',
    async () => {
      const config = writeConfig(folder, { port: 7007, app: 'app' });
      const check = (...more: string[]) =>
        run(
          path.join(folder, 'packages/backend'),
          path.join(folder, 'node_modules/.bin/backstage-cli'),
          [
            'config:check',
            '--strict',
            '--config',
            config,
            ...more.flatMap(file => ['--config', path.join(folder, file)]),
          ],
        );
      const good = await check();
      expect(good.output).not.toMatch(/rror/);
      expect(good.status).toBe(0);
      const bad = await check('wrong-config.yaml');
      expect(bad.status).not.toBe(0);
      expect(bad.output).toContain('/vmMigrate/worker/concurrency');
    },
    2 * minutes,
  );

  it('the command line runs where it was installed', async () => {
    const said = await run(folder, 'kubectl-vm_migrate', ['version']);
    expect(said.status).toBe(0);
  });
});

const systems = [
  ['app', 'new', true],
  ['app-legacy', 'old', hasLegacy],
] as const;
for (const [app, name, isThere] of systems) {
  const body = () => onFrontendSystem(app);
  if (isThere) describeWithBrowser(`an app on the ${name} frontend system`, body);
}

/** In the browser. Not when the network is still: it never is, events come all the time. */
const hasWords = "/\\S/.test(document.querySelector('main')?.innerText ?? '')";

const VMS = 'catalog/entities?filter=spec.type=virtual-machine';

function onFrontendSystem(app: string): void {
  let backstage: Backstage;
  let browser: Browser;
  let person: Person;

  beforeAll(async () => {
    const config = writeConfig(folder, { port: 7007, app });
    const cli = path.join(folder, 'node_modules/.bin/backstage-cli');
    const built = await run(path.join(folder, 'packages', app), cli, [
      'package',
      'build',
      '--config',
      config,
    ]);
    if (built.status !== 0) throw new Error(built.output);
    browser = await launchBrowser();
    backstage = await startConsumer(folder, app);
    person = await signIn(browser, backstage.url);
  }, 10 * minutes);
  afterAll(async () => {
    await browser?.close();
    await backstage?.stop();
  });

  /** As whoever has the token, at a terminal. @throws Error with what it said */
  async function kubectl(...args: readonly string[]): Promise<string> {
    const { status, output } = await run(folder, 'kubectl-vm_migrate', args, {
      VM_MIGRATE_API_URL: backstage.url,
      VM_MIGRATE_API_TOKEN: await backstage.token(),
    });
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}\n${output}`);
    return output;
  }
  async function list<Item>(kind: string): Promise<readonly Item[]> {
    const { items } = JSON.parse(await kubectl('get', kind, '-o', 'json')) as {
      readonly items: readonly Item[];
    };
    return items;
  }
  const migrations = () => list<MigrationView>('migrations');

  /** Of Backstage's API, as whoever has the token. */
  async function ask(path: string): Promise<string> {
    const answer = await fetch(`${backstage.url}/api/${path}`, {
      headers: { authorization: `Bearer ${await backstage.token()}` },
    });
    return answer.text();
  }

  it('migrates the example VM, started at a terminal', async () => {
    const [vm] = await list<VmView>('vms');
    if ((await migrations()).length === 0) await kubectl('start', `${vm?.source}/${vm?.name}`);
    const [started] = await migrations();
    await kubectl('wait', started?.id ?? '', '--for=migrated', '--timeout=120s');
  }, 180_000);

  it('has the VM in the catalog, and the actions in the scaffolder', async () => {
    expect(await ask('scaffolder/v2/actions')).toContain('vm-migrate:start');
    await untilThere('the VM in the catalog', async () =>
      (await ask(VMS)).includes('vm-migrate.io/vm-id'),
    );
  });

  it(
    'shows each page of ours without a complaint',
    async () => {
      const pages = person.page.getByRole('navigation', { name: 'VM migrations' });
      await pages.waitFor();
      const links = await pages.getByRole('link').all();
      expect(links.length).toBeGreaterThan(1);
      for (const link of links) {
        await link.click();
        await person.page.waitForFunction(hasWords);
        expect(await person.page.locator('main').innerText()).not.toMatch(/404|went wrong/i);
      }
      const [newest] = await migrations();
      await person.page.goto(`${backstage.url}/vm-migrate/migrations/${newest?.id}`);
      await person.page
        .getByText(newest?.vm ?? '')
        .first()
        .waitFor();
      expect(person.complaints()).toEqual([]);
    },
    2 * minutes,
  );

  it(
    "shows the migration on the VM's entity: a card, and its history in a tab",
    async () => {
      const { page } = person;
      const found = JSON.parse(await ask(VMS)) as {
        readonly metadata: { readonly name: string };
      }[];
      await page.goto(`${backstage.url}/catalog/default/resource/${found[0]?.metadata.name}`);
      await page.getByText('migrated', { exact: true }).first().waitFor();
      // A tab in the old system, a link in the new one.
      const inTab = { name: 'Snapshot history' };
      await page.getByRole('tab', inTab).or(page.getByRole('link', inTab)).first().click();
      await page.getByRole('treegrid').waitFor();
    },
    2 * minutes,
  );

  it('styles them', async () => {
    const sheets = await person.page.locator('style').allInnerTexts();
    expect(sheets.join('\n')).toMatch(/\.parts_\w+__[0-9a-f]{10}/);
  });
}
