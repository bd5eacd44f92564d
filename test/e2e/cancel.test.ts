/** A migration is given up by clicking, in the middle: what becomes of its objects is what the dialog said, and it stands so on the disk. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { apiClient, type ApiClient } from '@vm-migrate/api';
import type { Browser, Locator, Page } from 'playwright-core';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import { until } from '../kill/until';
import { startBackstage, vmsFolder, type Backstage } from './backstage-process';
import { axeViolations, describeWithBrowser, launchBrowser, signIn, type Person } from './browser';

const MIB = 1024 * 1024;
/** Names on the target are made from the VM's: what is kept of one is not in the way of the other. */
const VMS = ['half done', 'half way'];

/** Its first snapshot is there in a moment, its second one not while the rate is low. */
function writeHalfDoneVm(folder: string, displayName: string): void {
  const vm = new VmBuilder({ folder, name: 'half', displayName });
  const disk = vm.addDisk({ format: 'flat+se-sparse', sizeBytes: 128 * MIB });
  vm.write(disk, 0, seededBytes(64 * 1024, 1));
  vm.takeSnapshot('first');
  vm.write(disk, MIB, seededBytes(64 * MIB, 2));
  vm.takeSnapshot('second');
  vm.finish();
}

describeWithBrowser('giving a migration up', () => {
  const [first = '', second = ''] = VMS;
  const folder = tempFolder();
  let backstage: Backstage;
  let browser: Browser;
  let person: Person;
  let page: Page;
  let api: ApiClient;

  beforeAll(async () => {
    for (const vm of VMS) writeHalfDoneVm(path.join(vmsFolder(folder), vm), vm);
    // First what is closed in any case.
    browser = await launchBrowser();
    backstage = await startBackstage(folder);
    const { url } = backstage;
    api = apiClient({ baseUrl: () => `${url}/api/vm-migrate`, token: () => backstage.token() });
    await api.call('setLimit', { scope: 'all', bytesPerSecond: 256 * 1024 });
    person = await signIn(browser, backstage.url);
    page = person.page;
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await backstage?.stop();
  });

  /** What is on the disk, by kind: what VMware calls each snapshot, and how many volumes there are. */
  function onDisk(): { volumes: number; snapshots: string[] } {
    const entries = (kind: string): string[] => {
      const place = path.join(backstage.folder, 'volumes', kind);
      return existsSync(place) ? readdirSync(place).map(name => path.join(place, name)) : [];
    };
    const snapshotOf = (entry: string): string => {
      const { spec } = JSON.parse(readFileSync(path.join(entry, 'snapshot.json'), 'utf8')) as {
        spec: { vmwareSnapshot: { name: string } };
      };
      return spec.vmwareSnapshot.name;
    };
    return { volumes: entries('volumes').length, snapshots: entries('snapshots').map(snapshotOf) };
  }

  /** Its id, when its first snapshot is ready and its second layer is being written. */
  async function startByClicking(vm: string): Promise<string> {
    await page.getByRole('link', { name: 'New migration' }).first().click();
    await page.getByRole('link', { name: vm }).click();
    await page.getByRole('button', { name: 'Start now' }).click();
    await page.waitForURL(/\/vm-migrate\/migrations\/m-[a-z0-9]+/);
    await page.getByText('1 of 2 ready').waitFor({ timeout: 60_000 });
    const migration = path.basename(new URL(page.url()).pathname);
    await until(async () => {
      const { steps } = await api.call('getQueue', { migration, states: ['running'] });
      return steps.some(({ kind }) => kind === 'applyLayer');
    });
    return migration;
  }

  async function askToCancel(vm: string): Promise<Locator> {
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(vm).first().waitFor();
    return dialog;
  }

  async function cancelFromDialog(dialog: Locator, choice: RegExp): Promise<void> {
    await dialog.getByRole('radio', { name: choice }).click({ force: true });
    await dialog.getByRole('button', { name: 'Cancel the migration' }).click();
    await dialog.getByText('1 of 1 done').waitFor({ timeout: 60_000 });
    await dialog.getByRole('button', { name: 'Close' }).first().click();
    await page.locator('[data-state="canceled"]').first().waitFor();
  }

  it('does nothing before it is confirmed', async () => {
    const migration = await startByClicking(first);
    const dialog = await askToCancel(first);
    await dialog.getByText(/VolumeSnapshot .*stays and can be restored/).waitFor();
    await dialog.getByText(/volume and VolumeSnapshot .*removed for good/).waitFor();
    // The least that is lost is what is chosen already.
    expect(await dialog.getByRole('radio', { name: /Keep all/ }).isChecked()).toBe(true);
    expect(await axeViolations(page, '[role="dialog"]')).toEqual([]);
    await dialog.getByRole('radio', { name: /Remove all/ }).click({ force: true });
    await dialog.locator('button[data-destructive]:not([data-disabled])').waitFor();
    expect(await axeViolations(page, '[role="dialog"]')).toEqual([]);
    await dialog.getByRole('button', { name: 'Back' }).click();
    expect((await api.call('getMigrations', { migration }))[0]).toMatchObject({ state: 'running' });
  }, 240_000);

  it('keeps the VolumeSnapshots and removes the volumes', async () => {
    expect(onDisk()).toEqual({ volumes: 1, snapshots: ['first'] });
    await cancelFromDialog(await askToCancel(first), /Keep the VolumeSnapshots/);
    expect(onDisk()).toEqual({ volumes: 0, snapshots: ['first'] });
    expect(person.complaints()).toEqual([]);
  }, 240_000);

  it('removes everything of another one, and nothing of the first', async () => {
    const migration = await startByClicking(second);
    expect(onDisk()).toEqual({ volumes: 1, snapshots: ['first', 'first'] });
    await cancelFromDialog(await askToCancel(second), /Remove all/);
    expect(onDisk()).toEqual({ volumes: 0, snapshots: ['first'] });
    expect((await api.call('getMigrations', { migration }))[0]).toMatchObject({
      state: 'canceled',
    });
    expect(person.complaints()).toEqual([]);
  }, 240_000);
});
