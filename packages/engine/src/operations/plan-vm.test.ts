/** What a plan says of the files' tables, on a folder that is written and then damaged by hand. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { Plan } from '../plan/plan';
import { vmDirectorySource } from '../sources/vm-directory/vm-directory-source';
import { patchFile } from '../testing/encoders/patch-file';
import { storageClass } from '../testing/plan-input';
import { seededBytes } from '../testing/seeded-bytes';
import { tempFolder } from '../testing/temp-folder';
import { VmBuilder } from '../testing/vm-builder';
import type { Target } from '../targets/target';
import type { OperationContext } from './operation';
import { FULL_ACCESS } from './caller';
import { planFor } from './plan-vm';

const MIB = 1024 * 1024;
const folder = tempFolder();

async function planOf(name: string, ofTarget: Partial<Target> = {}): Promise<Plan> {
  const source = vmDirectorySource({ name: 'lab', folder: path.join(folder, name) });
  const [vm] = await source.listVms();
  if (vm === undefined) throw new Error(`no VM in ${name}`);
  const target = {
    name: 'local',
    capabilities: async () => ({ classes: [storageClass()] }),
    ...ofTarget,
  };
  const context = {
    // Answers each look-up of a target; no class was ever proved.
    database: {
      query: async (sql: string) =>
        sql.includes('vm_migrate.target') ? [{ name: 'local', kind: 'fake', options: {} }] : [],
    },
    openTarget: async () => target as unknown as Target,
    access: FULL_ACCESS,
    paths: 'allowed',
  } as unknown as OperationContext;
  const place = { name: 'lab', kind: 'vm-directory', options: {}, credentialRef: null, host: null };
  return planFor(context, { place, source, vm }, {});
}

function writeVm(name: string): string {
  const vm = new VmBuilder({ folder: path.join(folder, name), name: 'web' });
  const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: 64 * MIB });
  vm.write(disk, 0, seededBytes(MIB, 1));
  vm.takeSnapshot('one');
  vm.write(disk, 32 * MIB, seededBytes(MIB, 2));
  vm.finish();
  return path.join(folder, name, 'web.vmdk');
}

/** Places of the first entry of the first table, in the copy that is read and in the second one. */
function firstEntries(file: string): { first: number; second: number } {
  const bytes = readFileSync(file);
  const tableOf = (field: number): number =>
    bytes.readUInt32LE(Number(bytes.readBigUInt64LE(field)) * 512) * 512;
  return { first: tableOf(56), second: tableOf(48) };
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

it('a plan for a target whose movers cannot read the source says how the bytes get there, and reckons with it', async () => {
  writeVm('away');
  const seen: unknown[] = [];
  const pushed = await planOf('away', {
    pushes: source => (seen.push(source), { how: 'they are pushed', bytesPerSecond: MIB }),
  });
  expect(pushed.findings).toContainEqual(
    expect.objectContaining({
      id: 'source-pushed:lab',
      severity: 'informs',
      cause: 'they are pushed',
    }),
  );
  expect(seen).toEqual([
    expect.objectContaining({ kind: 'vm-directory', folder: path.join(folder, 'away') }),
  ]);
  expect(pushed.totals.estimateMs?.basis).toContain('pushed, at most 1 MiB/s');
  expect(pushed.totals.estimateMs?.low).toBeGreaterThanOrEqual(2_000);
  const near = await planOf('away', { pushes: () => undefined });
  expect(near.findings.map(({ kind }) => kind)).not.toContain('source-pushed');
  expect(near.totals.estimateMs?.basis).not.toContain('pushed');
});

describe('a plan of files with odd tables', () => {
  it('says nothing of sound ones', async () => {
    writeVm('sound');
    const { findings } = await planOf('sound');
    expect(findings.filter(({ kind }) => /table|grain/.test(kind))).toEqual([]);
  });

  it('warns of a second copy that differs, and is the same plan when it is made again', async () => {
    const file = writeVm('differs');
    patchFile(file, firstEntries(file).second, u32(0));
    const plan = await planOf('differs');
    expect(plan.findings).toContainEqual({
      id: 'table-copies-differ:web.vmdk',
      kind: 'table-copies-differ',
      severity: 'warns',
      object: 'web.vmdk',
      cause: expect.stringMatching(
        new RegExp(`web\\.vmdk differ in 1 entry, first at offset ${firstEntries(file).second}: `),
      ),
      remedy: expect.any(String),
      acceptable: true,
    });
    expect((await planOf('differs')).digest).toBe(plan.digest);
  });

  it('warns of two entries that share a grain', async () => {
    const file = writeVm('shared');
    const { first, second } = firstEntries(file);
    const grain = readFileSync(file).readUInt32LE(first);
    for (const table of [first, second]) patchFile(file, table + 4, u32(grain));
    const found = (await planOf('shared')).findings.filter(({ kind }) => kind === 'grain-shared');
    expect(found).toMatchObject([
      {
        id: 'grain-shared:web.vmdk',
        severity: 'warns',
        cause: expect.stringContaining(`offset ${first + 4}:`),
      },
    ]);
  });

  it('refuses a damaged first copy, and says that the second is sound', async () => {
    const file = writeVm('damaged');
    patchFile(file, firstEntries(file).first, u32(0x7fff_ffff));
    await expect(planOf('damaged')).rejects.toMatchObject({
      code: 'LAYER_DAMAGED',
      where: { offsetBytes: firstEntries(file).first },
      hint: expect.stringContaining('is sound here'),
    });
  });
});
