/** A real kubectl calls and completes the plugin. */
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { symlinkSync } from 'node:fs';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { BIN_FOLDER, worldIn } from './testing/run-program';

/** Plugins are completed since 1.26; Debian 12 has 1.20. */
const COMPLETES_SINCE = 26;
const minor = kubectlMinor();
const describeWithKubectl = minor === undefined ? describe.skip : describe;

describeWithKubectl(
  `kubectl vm-migrate${minor === undefined ? ' (skipped: kubectl is not installed; apt-get install kubernetes-client)' : ''}`,
  () => {
    const folder = tempFolder();
    const { environment } = worldIn(folder);
    const kubectl = (searchPath: string, ...args: string[]) =>
      spawnSync('kubectl', args, {
        encoding: 'utf8',
        cwd: folder,
        env: { ...environment, PATH: `${searchPath}:${environment['PATH'] ?? ''}` },
      });

    it('runs the program, whose exit code comes through', () => {
      const version = kubectl(BIN_FOLDER, 'vm-migrate', 'version');
      expect(version).toMatchObject({ status: 0, stderr: '' });
      expect(version.stdout).toMatch(/^vm-migrate \d+\.\d+\.\d+/);
      expect(kubectl(BIN_FOLDER, 'vm-migrate', 'frobnicate').status).toBe(2);
    });

    it('finds it through links, as a package manager makes them', () => {
      const first = path.join(folder, 'first');
      symlinkSync(path.join(BIN_FOLDER, 'kubectl-vm_migrate'), first);
      symlinkSync('first', path.join(folder, 'kubectl-vm_migrate'));
      expect(kubectl(folder, 'vm-migrate', 'version').stdout).toMatch(/^vm-migrate /);
    });

    const itCompletes = (minor ?? 0) >= COMPLETES_SINCE ? it : it.skip;
    itCompletes(
      `completes verbs and fixed words${(minor ?? 0) >= COMPLETES_SINCE ? '' : ` [platform: kubectl 1.${minor ?? '?'} does not complete plugins]`}`,
      () => {
        const offered = (...words: string[]) =>
          kubectl(BIN_FOLDER, '__complete', 'vm-migrate', ...words).stdout.split('\n');
        expect(offered('pla')).toEqual(
          expect.arrayContaining([expect.stringMatching(/^plan\t/), ':4']),
        );
        expect(offered('get', 'wor')).toEqual(expect.arrayContaining(['workers', ':4']));
        expect(offered('tree', '')).toContain(':0');
      },
    );
  },
);

function kubectlMinor(): number | undefined {
  try {
    const text = execFileSync('kubectl', ['version', '--client', '-o', 'json'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { clientVersion } = JSON.parse(text) as { clientVersion: { minor: string } };
    return Number.parseInt(clientVersion.minor, 10);
  } catch {
    return undefined;
  }
}
