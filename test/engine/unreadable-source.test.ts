/**
 * A source of which not everything may be read: what is in the way is named, and nothing is passed
 * over. Root may read everything, so a child process drops to an account without rights.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testDatabase, type TestDatabase } from '../../packages/engine/src/testing/test-database';
import { moverProgram } from '../../packages/engine/src/testing/test-engine';
import { VmBuilder, type VmFolderFiles } from '../../packages/engine/src/testing/vm-builder';
import { programBundle } from '../bundle-program';
import type { LookedAt, UnreadableAnswer, UnreadableInput } from './unreadable-program';

const KIB = 1024;
const bundle = programBundle(path.join(__dirname, 'unreadable-program.ts'));

describe('a source of which not everything may be read', () => {
  const folder = tempFolder();
  const vms = path.join(folder, 'vms');
  const locked: string[] = [];
  let database: TestDatabase;
  beforeAll(async () => {
    chmodSync(folder, 0o755);
    database = await testDatabase();
  });
  afterEach(() => unlock());
  afterAll(() => database?.drop());

  const lock = (...parts: string[]): void => {
    const file = path.join(vms, ...parts);
    chmodSync(file, 0);
    locked.push(file);
  };
  const unlock = (): void => {
    for (const file of locked.splice(0)) chmodSync(file, 0o755);
  };
  const look = async (): Promise<UnreadableAnswer> => {
    const classFolder = path.join(folder, 'volumes');
    mkdirSync(classFolder, { recursive: true });
    chmodSync(classFolder, 0o777);
    const input: UnreadableInput = {
      databaseUrl: database.url,
      moverProgram: moverProgram(),
      sourceFolder: vms,
      classFolder,
    };
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [await bundle(), JSON.stringify(input)],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as UnreadableAnswer;
  };
  /** base (first) <- -000001 (second) <- -000002, the current state. */
  const write = (name: string, files?: VmFolderFiles): void => {
    const vm = new VmBuilder({ folder: path.join(vms, name), name: path.basename(name), seed: 3 });
    const disk = vm.addDisk({ format: 'flat+cowd', sizeBytes: 256 * KIB });
    vm.write(disk, 0, seededBytes(4 * KIB, 1));
    vm.takeSnapshot('first');
    vm.write(disk, 64 * KIB, seededBytes(4 * KIB, 2));
    vm.takeSnapshot('second');
    vm.write(disk, 128 * KIB, seededBytes(4 * KIB, 3));
    vm.finish(files);
  };

  it('every VM is listed, and what cannot be read of it is named', async () => {
    write('whole');
    write('folder');
    write('group/inner');
    write('config');
    write('history');
    write('delta');
    write('extent');
    write('chain', { vmx: 'omit', vmsd: 'omit' });
    write('stranger');
    write('lock');
    mkdirSync(path.join(vms, 'lock', 'lock.vmx.lck'));
    const lonely = new VmBuilder({ folder: path.join(vms, 'lonely'), name: 'lonely', seed: 5 });
    lonely.addDisk({ format: 'hosted-sparse', sizeBytes: 256 * KIB });
    lonely.finish({ vmx: 'omit' });
    copyFileSync(path.join(vms, 'lonely', 'lonely.vmdk'), path.join(vms, 'stranger', 'spare.vmdk'));
    mkdirSync(path.join(vms, 'lost+found'));

    lock('folder');
    lock('group');
    lock('config', 'config.vmx');
    lock('history', 'history.vmsd');
    lock('delta', 'delta-000001.vmdk');
    lock('extent', 'extent-flat.vmdk');
    lock('chain', 'chain.vmdk');
    lock('lonely', 'lonely.vmdk');
    lock('stranger', 'spare.vmdk');
    lock('lock', 'lock.vmx.lck');
    lock('lost+found');

    const answer = await look();
    expect(answer.uid).not.toBe(0);
    const named = (name: string): LookedAt => {
      const found = answer.vms.filter(vm => vm.name === name);
      if (found.length !== 1) throw new Error(`${name}: ${JSON.stringify(answer.vms, null, 1)}`);
      return found[0] as LookedAt;
    };
    const findings = (name: string): readonly string[] => {
      const { error, plan } = named(name);
      if (error !== null || !('findings' in plan))
        throw new Error(`${name}: ${error ?? ''} ${JSON.stringify(plan)}`);
      return plan.findings;
    };

    expect(named('whole')).toMatchObject({
      error: null,
      plan: { findings: [], kept: ['first', 'second'] },
    });
    // Folders: nobody knows what is in them.
    for (const name of ['folder', 'group']) {
      expect(named(name)).toMatchObject({
        location: path.join(vms, name),
        error: expect.stringMatching(/EACCES/) as string,
        plan: { code: 'VM_INVALID' },
      });
      expect(named(name).error).toContain(path.join(vms, name));
    }
    // The file that says what the VM is; a disk of which nothing else is there.
    for (const [name, file] of [
      ['config', 'config.vmx'],
      ['lonely', 'lonely.vmdk'],
    ] as const) {
      expect(named(name).error).toMatch(/EACCES/);
      expect(named(name).error).toContain(path.join(vms, name, file));
      expect(named(name).plan).toMatchObject({ code: 'VM_INVALID' });
    }
    // A layer: it blocks, with the file and everything that needs it.
    expect(findings('delta')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^blocks layer-unreadable:delta-000001\.vmdk .*EACCES.*Needed by: second, the current state/,
        ),
      ]),
    );
    expect(findings('extent')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^blocks layer-unreadable:extent\.vmdk .*EACCES.*Needed by: first, second, the current state/,
        ),
      ]),
    );
    expect(findings('chain')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^blocks layer-unreadable:chain\.vmdk .*EACCES.*Needed by: .*the current state/,
        ),
      ]),
    );
    // The names of the snapshots: their content is carried all the same.
    expect(findings('history')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^warns vmsd-broken:vmsd .*EACCES/)]),
    );
    expect(named('history').plan).toMatchObject({ kept: [expect.anything(), expect.anything()] });
    // A disk that nobody names might hold a part of the history.
    expect(findings('stranger')).toEqual([
      expect.stringMatching(/^blocks layer-unreadable:spare\.vmdk .*EACCES/),
    ]);
    // A lock that nobody may look into is a lock.
    expect(findings('lock')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^blocks current-not-frozen:current .*running.*lock\.vmx\.lck/),
      ]),
    );
    expect(answer.vms.map(({ name }) => name)).not.toContain('lost+found');
  }, 180_000);

  it('the whole source: its error is the answer, also for a VM of it', async () => {
    rmSync(vms, { recursive: true, force: true });
    write('whole');
    lock('.');
    const { source, whole } = await look();
    expect(source).toEqual({ vms: null, error: 'FILE_UNREADABLE' });
    expect(whole).toBe('FILE_UNREADABLE');
  }, 180_000);
});
