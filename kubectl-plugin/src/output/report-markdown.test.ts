import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { report } from '../testing/fixtures';
import { HOSTILE_NAMES } from './hostile-names';

import { HOW_TO_CHECK, reportMarkdown } from '@vm-migrate/api';

/** Cells of each table row; escaped bars do not part cells. */
const cells = (line: string): number => line.split(/(?<!\\)\|/).length;

it('has a section for each snapshot, with its files, VolumeSnapshots, digests, proof and times', () => {
  const text = reportMarkdown(report());
  for (const fact of [
    '### "Fresh install" (id 1)',
    '> Straight from the installer.\n> No updates yet.',
    '#### Disk scsi0:1',
    '| VolumeSnapshot | `buro-server-alpha-scsi0-0-fresh-install-24b9d03208` |',
    '| Size of the state | 256 MiB (268435456 B) |',
    'with a memory image, which was not carried over',
    'Ready since 2026-11-23T15:39:20.000Z.',
    '| `Beispiel VM.vmdk` | 18874368 B | 1684316220000000000 | freeSector 128 |',
    '## What this report does not claim',
    'Proof `sampled`: random windows of a restore were compared, not all of it.',
  ]) {
    expect(text).toContain(fact);
  }
  expect(text).not.toContain('Proof `full`');
});

it('says in which namespace the volumes are, where there is one', () => {
  const row = /^\| Target \|.*, namespace vms \|$/m;
  expect(reportMarkdown({ ...report(), namespace: 'vms' })).toMatch(row);
  expect(reportMarkdown(report())).not.toMatch(row);
});

it.each(HOSTILE_NAMES)('no name makes markup, a cell or a line: %j', name => {
  const base = report();
  const text = reportMarkdown({
    ...base,
    migration: { ...base.migration, vm: name, startedBy: name },
    snapshots: base.snapshots.map(snapshot => ({ ...snapshot, name, description: name })),
    current: base.current.map(each => ({ ...each, layerFile: name })),
  });
  const outsideCode = text.replace(/(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)/gs, '');
  expect(outsideCode).not.toMatch(/<script|(?<!\\)\*\*? ?bold/);
  const same = reportMarkdown(base);
  const shape = (markdown: string): number[] =>
    markdown
      .split('\n')
      .filter(line => line.startsWith('|'))
      .map(cells);
  expect(shape(text)).toEqual(shape(same));
});

describe('the recipe to check a digest', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'report-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const hasPython = (() => {
    try {
      execFileSync('python3', ['--version']);
      return true;
    } catch {
      return false;
    }
  })();

  (hasPython ? it : it.skip)('gives the digest of the definition (needs python3)', () => {
    const size = 3 * 65536 + 512;
    const image = Buffer.alloc(4 * 65536);
    for (let at = 0; at < size; at += 1) image[at] = (at * 31 + (at >> 8)) & 0xff;
    const file = path.join(folder, 'image.raw');
    writeFileSync(file, image);
    const recipe = HOW_TO_CHECK.join('\n');
    const script = /^python3 - IMAGE SIZE <<'EOF'\n(?<python>.*?)\nEOF$/ms.exec(recipe)?.groups?.[
      'python'
    ];
    const printed = execFileSync('python3', ['-', file, String(size)], {
      input: script,
      encoding: 'utf8',
    });
    const whole = createHash('sha256');
    for (let at = 0; at < size; at += 65536) {
      whole.update(
        createHash('sha256')
          .update(image.subarray(at, Math.min(size, at + 65536)))
          .digest(),
      );
    }
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(size));
    expect(printed.trim()).toBe(whole.update(length).digest('hex'));
  });
});
