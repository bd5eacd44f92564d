/**
 * npm run bench:pages -- [--seconds 5] [--rounds 3] [--only TEXT] [--profile FILE]
 *
 * Scrolls long pages of the gallery with the wheel in a real Chromium and prints what a frame takes:
 * the time between frames, tasks that hold a frame up, and what the processor did for each frame,
 * which a busy machine changes least. `--profile FILE` writes a CPU profile of the last round.
 */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { startGallery } from '../e2e/gallery-process';
import { scroll, type Scrolled } from './scroll';

const root = path.resolve(__dirname, '../..');
const CHROMIUM = '/usr/bin/chromium';

const PAGES = [
  {
    name: 'tree of 20,000 layers',
    address: '/history-line/migrations/m-9mbxaaqm',
    at: '[role=treegrid] [role=row][data-index]',
  },
  {
    name: 'tree of 20,000 layers, disks shown',
    address: '/history-line/migrations/m-9mbxaaqm',
    at: '[role=treegrid] [role=row][data-index]',
    press: 'Show all disks',
  },
  {
    name: 'list, 100 of 500 VMs',
    address: '/list-500-VMs/?size=100',
    at: 'table [role=row], tbody tr',
  },
  { name: 'choice of 500 VMs', address: '/new-500-VMs/new', at: 'main li' },
  {
    name: 'events',
    address: '/migration-events/migrations/m-9mbxaaqm/events',
    at: '[role=table] [role=row][data-index]',
  },
] as const;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: '' },
      profile: { type: 'string' },
    },
  });
  if (!existsSync(CHROMIUM)) throw new Error(`There is no ${CHROMIUM}: install Chromium.`);
  const gallery = await startGallery(root);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  try {
    print(HEADINGS);
    for (const page of PAGES.filter(({ name }) => name.includes(values.only))) {
      const rounds: Scrolled[] = [];
      for (let round = 0; round < Number(values.rounds); round++)
        rounds.push(
          await scroll(browser, {
            ...page,
            url: `${gallery.url}/gallery${page.address}`,
            ms: Number(values.seconds) * 1000,
          }),
        );
      print([page.name, ...cellsOf(median(rounds))]);
      const profile = rounds.at(-1)?.profile;
      if (values.profile !== undefined) writeFileSync(values.profile, JSON.stringify(profile));
    }
  } finally {
    await browser.close();
    await gallery.stop();
  }
}

const HEADINGS = [
  'page',
  'frames',
  'p50 ms',
  'p95 ms',
  'max ms',
  'long tasks',
  'script ms',
  'style+layout ms',
  'task ms',
  'px',
];

function cellsOf(one: Scrolled): string[] {
  return [
    String(one.frames),
    one.p50Ms.toFixed(1),
    one.p95Ms.toFixed(1),
    one.maxMs.toFixed(1),
    String(one.longTasks),
    one.scriptMs.toFixed(2),
    one.layoutMs.toFixed(2),
    one.taskMs.toFixed(2),
    String(one.scrolledPx),
  ];
}

function print(cells: readonly string[]): void {
  console.log(
    cells
      .map((cell, at) =>
        at === 0 ? cell.padEnd(36) : cell.padStart(Math.max(9, (HEADINGS[at] ?? '').length)),
      )
      .join(' '),
  );
}

/** By what the processor did for a frame. */
function median(rounds: readonly Scrolled[]): Scrolled {
  const sorted = [...rounds].sort((a, b) => a.taskMs - b.taskMs);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('no round was run');
  return middle;
}

void main();
