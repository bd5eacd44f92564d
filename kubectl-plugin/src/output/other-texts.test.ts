import { eventLog } from '@vm-migrate/api';
import { displayWidth } from './display-width';
import { describeText } from './describe-text';
import { doctorText } from './doctor-text';
import { eventsText } from './events-text';
import {
  description,
  events,
  migration,
  NOW,
  place,
  volumeSnapshot,
  WAITS_FOR_PLACE,
} from '../testing/fixtures';
import { listLines, nameLines } from './list-tables';
import { PLAIN, styleFor, type Style } from './style';
import { whereText } from './where-text';

const style: Style = { palette: PLAIN, width: 80, symbols: 'unicode' };

describe('style', () => {
  const utf8 = { LANG: 'de_DE.UTF-8' };
  it.each([
    ['a terminal', { isTTY: true, columns: 100 }, { env: utf8 }, 'color', 100, 'unicode'],
    ['a pipe', {}, { env: utf8 }, 'plain', Infinity, 'unicode'],
    [
      'NO_COLOR',
      { isTTY: true, columns: 90 },
      { env: { ...utf8, NO_COLOR: '1' } },
      'plain',
      90,
      'unicode',
    ],
    [
      'an empty NO_COLOR',
      { isTTY: true, columns: 90 },
      { env: { ...utf8, NO_COLOR: '' } },
      'color',
      90,
      'unicode',
    ],
    [
      'TERM=dumb',
      { isTTY: true, columns: 80 },
      { env: { ...utf8, TERM: 'dumb' } },
      'plain',
      80,
      'ascii',
    ],
    [
      '--color=always in a pipe',
      {},
      { color: 'always', env: { ...utf8, COLUMNS: '70' } },
      'color',
      70,
      'unicode',
    ],
    ['--color=never', { isTTY: true }, { color: 'never', env: utf8 }, 'plain', 80, 'unicode'],
    [
      'a locale without UTF-8',
      {},
      { env: { LANG: 'de_DE.UTF-8', LC_ALL: 'C' } },
      'plain',
      Infinity,
      'ascii',
    ],
  ] as const)('%s', (_, stream, options, color, width, symbols) => {
    const found = styleFor(stream, options);
    expect(found.palette.red('x') === 'x' ? 'plain' : 'color').toBe(color);
    expect([found.width, found.symbols]).toEqual([width, symbols]);
  });
});

const WAITS = {
  for: WAITS_FOR_PLACE,
  since: '2026-11-23T15:35:00.000Z',
};

describe('get', () => {
  it('prints migrations as kubectl would', () => {
    expect(listLines('migrations', [migration({ vm: 'web' })], style, { now: NOW })).toEqual([
      'ID           VM        STATE     LAYERS   SNAPSHOTS   DONE   ETA   AGE',
      'm-9mbxaaqm   lab/web   running   3/11     2/6          50%   2s    90s',
    ]);
    expect(nameLines('migrations', [migration()])).toEqual(['migration/m-9mbxaaqm']);
    expect(listLines('migrations', [], style)).toEqual([]);
  });

  it('says of a migration that it only waits, and in a wide table for what', () => {
    const rows = [migration({ vm: 'web', waits: WAITS }), migration({ id: 'm-2', vm: 'db' })];
    const narrow = { ...style, width: 100 };
    expect(listLines('migrations', rows, narrow, { now: NOW })).toEqual([
      'ID           VM        STATE             LAYERS   SNAPSHOTS   DONE   ETA   AGE',
      'm-9mbxaaqm   lab/web   running (waits)   3/11     2/6          50%   2s    90s',
      'm-2          lab/db    running           3/11     2/6          50%   2s    90s',
    ]);
    const [heading = '', one = '', other = ''] = listLines(
      'migrations',
      rows,
      { ...style, width: Infinity },
      { now: NOW, wide: true },
    );
    const from = heading.indexOf('WAITS-FOR');
    expect([one.slice(from), other.slice(from)].map(text => text.split(/ {3,}/))).toEqual([
      ['a free place under limit all, 4 at a time', '5m', '<none>'],
      ['<none>', '<none>', '<none>'],
    ]);
  });

  it('calls a VMware snapshot as well proved as the least proved of its VolumeSnapshots', () => {
    const cut = volumeSnapshot('scsi0:0', 'x-0000000000', 'a.vmdk', true);
    const snapshot = {
      migration: 'm-1',
      vm: 'web',
      id: '1',
      name: 'S1',
      description: '',
      createdAt: null,
      quiesced: null,
      parentId: null,
      kept: true,
      mergedInto: null,
      ready: true,
      readyAt: null,
      volumeSnapshots: [
        { ...cut, proof: 'full' as const },
        { ...cut, proof: 'volume' as const },
      ],
    };
    const [heading = '', row = ''] = listLines(
      'snapshots',
      [snapshot],
      { ...style, width: Infinity },
      { wide: true },
    );
    expect(row.slice(heading.indexOf('PROOF')).split('   ')[0]).toBe('volume');
  });
});

it('describe has every section, failures first', () => {
  const text = describeText(description('failed'), style, NOW);
  expect(text.split('\n').filter(line => /^[A-Z][A-Za-z ]+$/.test(line))).toEqual([
    'Failure',
    'Progress',
    'Not done',
    'Volumes',
    'Findings',
    'Events',
    'Next',
  ]);
  for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(80);
});

it('events go on under themselves on a terminal, and are one line each in a file', () => {
  expect(eventsText(events().slice(0, 1), style).split('\n')).toEqual([
    '2026-11-23 15:38:30Z  info     Migration of Büro-Server "Alpha" – пример to',
    '                               local accepted (by anna@laptop)',
  ]);
  const inFile = `${eventsText(events(), { ...style, width: Infinity })}\n`;
  expect(inFile.split('\n')).toHaveLength(events().length + 1);
  // What a page hands out as a log.
  expect(inFile).toBe(eventLog(events()));
});

describe('the screen without arguments', () => {
  it('says what only waits, in one column with what runs', () => {
    const text = whereText(
      place(),
      [migration({ vm: 'web', waits: WAITS }), migration({ id: 'm-2', vm: 'db' })],
      style,
    );
    expect(text.split('\n').filter(line => line.startsWith('  m-'))).toEqual([
      '  m-9mbxaaqm  running (waits)  lab/web  50 %',
      '  m-2         running          lab/db  50 %  ETA 2s',
    ]);
  });
  const commands = (text: string): string[] =>
    text
      .split('\n')
      .filter(line => line.startsWith('  kubectl'))
      .map(line => line.trim());

  it('gives the two commands that fit: what failed before what runs', () => {
    expect(commands(whereText(place(), [migration()], style))).toEqual([
      'kubectl vm-migrate status --watch',
      'kubectl vm-migrate get vms',
    ]);
    expect(
      commands(
        whereText(place(), [migration({ state: 'failed' }), migration({ id: 'm-2' })], style),
      ),
    ).toEqual(['kubectl vm-migrate describe m-9mbxaaqm', 'kubectl vm-migrate status --watch']);
    expect(commands(whereText(place({ sources: [] }), [], style))[0]).toMatch(
      /^kubectl vm-migrate tree \//,
    );
  });
});

it('doctor puts the remedy under what is wrong', () => {
  const text = doctorText(
    [
      {
        name: 'class slow',
        state: 'failed',
        found: 'takes no snapshots',
        remedy: 'Name a class that does.',
      },
    ],
    [],
    style,
  );
  expect(text.split('\n')).toEqual([
    '✗   class slow  takes no snapshots',
    '                → Name a class that does.',
    '',
    '1 of 1 checks failed',
  ]);
});
