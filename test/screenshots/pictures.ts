/** What is on each picture of the tour, and how somebody gets there. */
import type { Page } from 'playwright-core';
import type { Scene } from './scene';

export interface Picture {
  /** Of the file, without `.png`. */
  readonly name: string;
  readonly width?: number;
  readonly height: number;
  readonly schemes?: readonly ('light' | 'dark')[];
  readonly language?: 'de';
  /** Where it begins. */
  readonly path: (scene: Scene) => string;
  /** Until everything is there. */
  readonly see: (page: Page) => Promise<void>;
}

const migration = (id: string, tab = '') => `/vm-migrate/migrations/${id}${tab}`;

/** Of what is under way. */
export const RUNNING: readonly Picture[] = [
  {
    name: 'running',
    height: 860,
    schemes: ['light', 'dark'],
    path: ({ running }) => migration(running),
    see: async page => {
      await page.getByRole('treegrid').getByText('You are here').waitFor();
      await page.getByText(/ left/).first().waitFor();
    },
  },
];

/** When another one waits behind it. */
export const MOVING: readonly Picture[] = [
  {
    name: 'migrations',
    height: 800,
    schemes: ['light', 'dark'],
    path: () => '/vm-migrate',
    see: page => page.getByRole('row').filter({ hasText: 'wiki' }).waitFor(),
  },
  {
    name: 'waiting',
    height: 720,
    path: ({ waiting }) => migration(waiting),
    see: page => page.getByRole('treegrid').getByText('You are here').waitFor(),
  },
  {
    name: 'workers',
    height: 1080,
    path: () => '/vm-migrate/operations',
    see: page => page.getByText('local-directory').first().waitFor(),
  },
  {
    name: 'timeline',
    height: 720,
    path: ({ running }) => migration(running, '/timeline'),
    see: page => page.getByRole('figure').getByText('scsi0:1').first().waitFor(),
  },
];

export const PICTURES: readonly Picture[] = [
  {
    name: 'history',
    height: 1060,
    path: ({ paused }) => migration(paused),
    see: page => page.getByRole('treegrid').getByText('You are here').waitFor(),
  },
  {
    name: 'narrow',
    width: 480,
    height: 860,
    schemes: ['dark'],
    path: ({ paused }) => migration(paused),
    see: page => page.getByRole('treegrid').getByText('Fresh install').waitFor(),
  },
  {
    name: 'failed',
    height: 760,
    path: ({ failed }) => migration(failed),
    see: page => page.getByRole('treegrid').getByText('You are here').waitFor(),
  },
  {
    name: 'new-migration',
    height: 900,
    schemes: ['light', 'dark'],
    path: () => '/vm-migrate/new?vm=demo/billing',
    see: page => keepTheNewest(page, 4),
  },
  {
    name: 'plan',
    height: 900,
    path: () => '/vm-migrate/new?vm=demo/billing',
    see: async page => {
      await keepTheNewest(page, 3);
      await page
        .getByText(/^snapshot-dropped/)
        .last()
        .scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'cancel',
    height: 720,
    path: ({ paused }) => migration(paused),
    see: async page => {
      await page.getByRole('button', { name: 'Cancel', exact: true }).click();
      await page.getByRole('dialog').getByText('erp-db').first().waitFor();
    },
  },
  {
    name: 'report',
    height: 860,
    path: ({ migrated }) => migration(migrated, '/report'),
    see: page => page.getByText('VolumeSnapshots').first().waitFor(),
  },
  {
    name: 'entity',
    height: 860,
    path: () => '/catalog?filters%5Bkind%5D=resource',
    see: async page => {
      await page.getByRole('link', { name: 'erp-db', exact: true }).first().click();
      await page.getByRole('link', { name: 'Snapshot history' }).click();
      await page.getByRole('treegrid').getByText('You are here').waitFor();
    },
  },
  {
    name: 'entity-card',
    height: 720,
    path: () => '/catalog?filters%5Bkind%5D=resource',
    see: async page => {
      await page.getByRole('link', { name: 'erp-db', exact: true }).first().click();
      await page.getByText('paused', { exact: true }).first().waitFor();
    },
  },
  {
    name: 'template',
    height: 840,
    path: () => '/create/templates/default/migrate-vm',
    see: async page => {
      await page.getByRole('combobox', { name: 'VM' }).click();
      await page.getByRole('option', { name: /billing/ }).waitFor();
    },
  },
  {
    name: 'template-plan',
    height: 1160,
    path: () => '/create/templates/default/migrate-vm',
    see: planByTemplate,
  },
  {
    name: 'german',
    height: 860,
    language: 'de',
    path: ({ paused }) => migration(paused),
    see: page => page.getByRole('treegrid').getByText('Year end 2023').waitFor(),
  },
];

/** Up to the plan in the form; it does not go on before the finding that blocks is accepted. */
async function planByTemplate(page: Page): Promise<void> {
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('combobox', { name: 'VM' }).click();
  await page.getByRole('option', { name: /billing/ }).click();
  await press('Next');
  await page.getByLabel('Which snapshots stay').click();
  await page.getByRole('option', { name: 'The newest', exact: true }).click();
  await page.getByLabel('How many').fill('3');
  await page
    .getByRole('group', { name: 'Where to' })
    .getByText(/by rule/)
    .first()
    .waitFor();
  await press('Next');
  await page.getByText('3 of 7 snapshots', { exact: true }).waitFor();
  await press('Review');
  const refusal = page.getByText('One finding blocks the plan', { exact: false });
  await refusal.last().waitFor();
  // At the top of the form it is said as well.
  await refusal.first().scrollIntoViewIfNeeded();
}

/** Of seven; until the plan for it is there. */
async function keepTheNewest(page: Page, wanted: number): Promise<void> {
  await page.getByRole('button', { name: 'Start now' }).waitFor();
  await page.getByText('The newest', { exact: true }).click();
  const slider = page.getByRole('slider');
  await slider.focus();
  for (let kept = 7; kept > wanted; kept--) await page.keyboard.press('ArrowLeft');
  await page.getByText(`${wanted} of 7 snapshots`, { exact: true }).waitFor();
}
