import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { describeWithOwnCluster } from '.';
import { loopsOn } from './leftovers';
import { ensureXfs, mountsUnder } from './machine';
import { Processes } from './processes';
import { ensurePrograms, type Programs } from './programs';
import { run } from './run';

const GIB = 1024 ** 3;
const SUITE_MS = 240_000;

describeWithOwnCluster('our CSI driver', () => {
  let programs: Programs;
  let folder: string;
  let disk: string;
  let processes: Processes;

  beforeAll(async () => {
    programs = await ensurePrograms(() => undefined);
    folder = mkdtempSync(path.join(tmpdir(), 'sanity-'));
    disk = path.join(folder, 'disk');
    processes = new Processes(folder);
    ensureXfs(disk, 2 * GIB);
  }, SUITE_MS);

  afterAll(async () => {
    for (const name of processes.names()) await processes.stop(name, 1_000);
    for (const target of mountsUnder(folder)) run('umount', target);
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['that takes snapshots', [], 'mount', 50],
    ['that takes snapshots', [], 'block', 50],
    ['that takes none', ['-snapshots=false'], 'mount', 30],
    ['whose snapshots die with their volume', ['-snapshots-die-with-volume'], 'block', 50],
  ])(
    '%s (%j) passes the sanity suite of csi-test on %s volumes',
    async (_which, flags, access, leastRun) => {
      const own = mkdtempSync(path.join(folder, 'run-'));
      const state = path.join(disk, path.basename(own));
      mkdirSync(state);
      const socket = path.join(own, 'csi.sock');
      processes.ensure({
        name: path.basename(own),
        program: path.join(programs.csi, 'driver'),
        args: [
          '-name=sanity.csi.test',
          '-node=here',
          `-socket=${socket}`,
          `-state=${state}`,
          ...flags,
        ],
      });
      const { status, output } = await sanity(programs, own, socket, access);

      const ran = Number(/Ran (\d+) of \d+ Specs/.exec(output)?.[1]);
      expect(ran).toBeGreaterThan(leastRun);
      expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
      expect(loopsOn(disk)).toEqual([]);
    },
    SUITE_MS,
  );
});

async function sanity({ csi }: Programs, folder: string, socket: string, access: string) {
  const child = spawn(path.join(csi, 'csi-sanity'), [
    `-csi.endpoint=unix://${socket}`,
    `-csi.mountdir=${path.join(folder, 'target')}`,
    `-csi.stagingdir=${path.join(folder, 'staging')}`,
    `-csi.testvolumeaccesstype=${access}`,
    `-csi.testvolumesize=${64 * 1024 ** 2}`,
    '-ginkgo.no-color',
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output };
}
