// examples/vm-migrate.service is a unit that systemd takes, and what it names is there.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { VERBS } from '../../kubectl-plugin/src/verbs';
import { page, root } from './pages';

const { text } = page('examples/vm-migrate.service');
const INSTALLED = '/opt/vm-migrate/';

/** `[Section]` and `Key=value`, as systemd.syntax has them. @throws on any other line */
function parseUnit(unit: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  for (const line of unit.split('\n')) {
    if (/^\s*([#;].*)?$/.test(line)) continue;
    const name = /^\[(\w+)\]$/.exec(line)?.[1];
    const [, key, value] = /^([A-Z]\w*)=(.*\S)$/.exec(line) ?? [];
    if (name !== undefined) sections.set(name, (section = new Map<string, string>()));
    else if (section !== undefined && key !== undefined && value !== undefined && !section.has(key))
      section.set(key, value);
    else throw new Error(`no line of a unit: ${line}`);
  }
  return sections;
}

describe('examples/vm-migrate.service', () => {
  const unit = parseUnit(text);
  const service = unit.get('Service') ?? new Map<string, string>();

  it('has the sections of a service, and nothing else', () => {
    expect([...unit.keys()]).toEqual(['Unit', 'Service', 'Install']);
    expect(unit.get('Install')?.get('WantedBy')).toBe('multi-user.target');
    expect(service.get('User')).not.toBe('root');
    expect(service.get('Restart')).toBe('always');
  });

  it('starts a program and a verb that there are, with a setting that is read', () => {
    const [program = '', verb, ...rest] = (service.get('ExecStart') ?? '').split(' ');
    expect(program.startsWith(INSTALLED)).toBe(true);
    const here = path.join(root, program.slice(INSTALLED.length));
    expect(spawnSync('test', ['-x', here]).status).toBe(0);
    expect(VERBS.map(({ name }) => name)).toContain(verb);
    expect(rest).toEqual([]);
    const [name = ''] = (service.get('Environment') ?? '').split('=');
    expect(page('docs/cli.md').text).toContain(`| \`${name}\``);
  });

  const there = spawnSync('systemd-analyze', ['--version']).error === undefined;
  (there ? it : it.skip)(
    `systemd-analyze finds nothing wrong with it${there ? '' : ' [platform: no systemd-analyze here]'}`,
    () => {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'vm-migrate-unit-'));
      try {
        const verify = (unitText: string) => {
          const file = path.join(folder, 'vm-migrate.service');
          writeFileSync(file, unitText);
          const { status, stdout, stderr } = spawnSync(
            'systemd-analyze',
            ['verify', '--man=no', file],
            { encoding: 'utf8' },
          );
          // What it says of other units of this machine is not ours.
          const said = `${stdout}${stderr}`.split('\n').filter(line => line.includes('vm-migrate'));
          return { status, said };
        };
        // The program has to be where the unit says: here it is in the checkout.
        const here = text.replace(INSTALLED, `${root}/`);
        expect(verify(here)).toEqual({ status: 0, said: [] });
        expect(verify(here.replace('Restart=', 'Retsart=')).said).not.toEqual([]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
