import { planOptionsOf } from './migrations-file';
import { parseAge, parseMigrationsFile } from './parse-migrations-file';

const parse = (content: string): ReturnType<typeof parseMigrationsFile> =>
  parseMigrationsFile(content, 'm.yaml');

describe('migrations.yaml', () => {
  it('lists VMs with their options; defaults are filled in, a VM overrides them', () => {
    const { requests } = parse(`
version: 1
defaults:
  source: lab
  target: cluster
  keep: { newest: 5 }
migrations:
  - vm: web-1
    namePrefix: shop-web
    sampleWindows: 0
    disks:
      - { disk: 'scsi0:1', leaveOut: true }
      - { disk: 'scsi0:2', storageClass: fast }
    accept: ['disk-left-out:4f1c']
  - vm: other/db "1"
    target: local
    keep: { youngerThan: 30d }
    cutCurrent: true
    moverImage: registry.test/mover@sha256:1234
`);
    expect(requests).toEqual([
      {
        vm: 'web-1',
        source: 'lab',
        target: 'cluster',
        options: {
          keep: { rule: 'newest', count: 5 },
          namePrefix: 'shop-web',
          sampleWindows: 0,
          leaveOutDisks: ['scsi0:1'],
          storageClassByDisk: { 'scsi0:2': 'fast' },
        },
        accept: ['disk-left-out:4f1c'],
        line: 8,
      },
      {
        vm: 'other/db "1"',
        source: 'lab',
        target: 'local',
        options: {
          keep: { rule: 'age', maxAgeMs: 30 * 86_400_000 },
          cutCurrent: true,
          moverImage: 'registry.test/mover@sha256:1234',
        },
        accept: [],
        line: 15,
      },
    ]);
  });

  it('becomes complete options when the plan is built', () => {
    expect(planOptionsOf({ keep: { rule: 'age', maxAgeMs: 5 } }, 77)).toEqual({
      leaveOutDisks: [],
      keep: { rule: 'age', maxAgeMs: 5, nowUs: 77 },
      storageClassByDisk: {},
      cutCurrent: 'when-the-target-asks',
      sampleWindows: 8,
    });
    expect(planOptionsOf({}, 77).keep).toEqual({ rule: 'all' });
    expect(planOptionsOf({ cutCurrent: true, sampleWindows: undefined }, 77)).toMatchObject({
      cutCurrent: 'always',
      sampleWindows: 8,
    });
  });

  it.each([
    ['broken YAML', 'version: 1\nmigrations:\n  - vm: "x', 3, /Missing closing/],
    ['a key twice', 'version: 1\nversion: 1\n', 2, /unique/],
    ['no version', 'migrations:\n  - vm: a\n', 1, /version/],
    ['an unknown setting', 'version: 1\nmigrations:\n  - vm: a\n    kep: all\n', 4, /kep/],
    [
      'an unknown rule',
      'version: 1\nmigrations:\n  - vm: a\n    keep: some\n',
      4,
      /keep: expected 'all'/,
    ],
    [
      'a wrong age',
      'version: 1\nmigrations:\n  - vm: a\n    keep: { youngerThan: 30 days }\n',
      4,
      /30d/,
    ],
    [
      'an image with blanks',
      'version: 1\nmigrations:\n  - vm: a\n    moverImage: a b\n',
      4,
      /moverImage: .*without blanks/,
    ],
    ['no VM', 'version: 1\nmigrations: []\n', 2, /names no VM/],
    [
      'one VM twice',
      'version: 1\nmigrations:\n  - vm: a\n  - vm: a\n',
      4,
      /a second time; it stands in line 3/,
    ],
    [
      'a disk left out with a class',
      'version: 1\nmigrations:\n  - vm: a\n    disks:\n      - { disk: x, leaveOut: true, storageClass: y }\n',
      5,
      /either left out or/,
    ],
  ])('%s is refused with its line', (_, content, line, found) => {
    expect(() => parse(content)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        where: { file: 'm.yaml', line },
        found: expect.stringMatching(found),
      }),
    );
  });

  it('of few lines never becomes gigabytes', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(12).fill(`*l${i}`).join(', ')}]`,
    );
    expect(() => parse(['l0: &l0 [x]', ...levels].join('\n'))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});

it.each([
  ['90m', 5_400_000],
  ['12h', 43_200_000],
  ['4w', 2_419_200_000],
])('age %s', (words, expectedMs) => {
  expect(parseAge(words)).toBe(expectedMs);
  expect(() => parseAge(`${words}x`)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
