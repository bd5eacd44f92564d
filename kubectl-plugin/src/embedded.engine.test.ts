/** Without a database: the program starts its background process, and everything works on that. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { writeExampleVm } from '../../packages/engine/src/testing/example-vm';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { removeServerFolder } from '../../packages/engine/src/store/server-folder';
import { backgroundPid, endBackground } from './testing/background';
import { begin, run, worldIn, type Running, type World } from './testing/run-program';

const MIB = 1024 * 1024;

describe('kubectl vm-migrate without a database', () => {
  const folder = tempFolder();
  const state = path.join(folder, 'state');
  let world: World;
  const children: Running[] = [];
  beforeAll(() => {
    world = worldIn(folder, { VM_MIGRATE_LEASE_SECONDS: '3' });
  });
  afterAll(async () => {
    for (const { child } of children) child.kill('SIGKILL');
    await endBackground(state);
    removeServerFolder(state);
  });

  it('two that come first share one background process', async () => {
    const [a, b] = await Promise.all([run(world), run(world, 'get', 'workers', '-o', 'json')]);
    expect(a).toMatchObject({ code: 0, stderr: '' });
    expect(b.code).toBe(0);
    expect(a.stdout).toContain(`embedded, in ${state}`);
    expect(
      (JSON.parse(b.stdout) as { items: { pid: number }[] }).items.map(({ pid }) => pid),
    ).toEqual([backgroundPid(state)]);
  }, 360_000);

  it('a follower outlives the background process: another goes on', async () => {
    writeExampleVm(path.join(folder, 'vm'), { diskBytes: 64 * MIB });
    await run(world, 'limits', 'all', '--rate', '2M');
    const follower = begin(world, 'start', './vm');
    children.push(follower);
    await follower.until(/ started /);
    const before = backgroundPid(state);
    process.kill(before, 'SIGKILL');
    await follower.until(/The background process is gone; starting another/);
    await run(world, 'limits', 'all', '--rate', 'none');
    const { code, stdout, stderr } = await follower.ended;
    expect(stderr).not.toMatch(/error/);
    expect(stdout).toMatch(/ migrated vm-\w+\//);
    expect(code).toBe(0);
    expect(backgroundPid(state)).not.toBe(before);
  }, 240_000);

  it('SIGTERM brings it down cleanly, and the next command starts it again with everything kept', async () => {
    await endBackground(state);
    expect(readFileSync(path.join(state, 'background.log'), 'utf8')).toMatch(
      /ended: told to stop\n$/,
    );
    expect((await run(world, 'get', 'migrations', '-o', 'name')).stdout).toMatch(
      /^migration\/m-\w+\n$/,
    );
  }, 360_000);
});
