/** What a kubeconfig changes for the command line, without any cluster that would answer. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import { run, worldIn } from './testing/run-program';

const MIB = 1024 * 1024;
const folder = tempFolder();
const kubeconfig = path.join(folder, 'kubeconfig');
writeFileSync(
  kubeconfig,
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'prod',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [
      { name: 'prod', context: { cluster: 'c', user: 'u', namespace: 'vms' } },
      { name: 'test', context: { cluster: 'c', user: 'u' } },
    ],
  }),
);
const world = worldIn(folder, { KUBECONFIG: kubeconfig, VM_MIGRATE_IDLE_MINUTES: '0.05' });

interface Rights {
  readonly items: readonly {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string };
  }[];
}

describe('with a kubeconfig', () => {
  it('prints rights for the namespace of the context, or of the flag, and asks no cluster', async () => {
    const rightsOf = async (...flags: string[]): Promise<Rights> => {
      const { code, stdout, stderr } = await run(world, 'doctor', '--rbac', '-o', 'json', ...flags);
      expect([code, stderr]).toEqual([0, '']);
      return JSON.parse(stdout) as Rights;
    };
    const namespaceOf = async (...flags: string[]) =>
      (await rightsOf(...flags)).items.find(({ kind }) => kind === 'Role')?.metadata.namespace;
    expect(await namespaceOf()).toBe('vms');
    expect(await namespaceOf('--context', 'test')).toBe('default');
    expect(await namespaceOf('--context', 'test', '-n', 'mine')).toBe('mine');
    const { items } = await rightsOf('--service-account', 'worker');
    expect(items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'ServiceAccount worker',
      'Role worker',
      'RoleBinding worker',
      'ClusterRole vm-migrate:vms:worker',
      'ClusterRoleBinding vm-migrate:vms:worker',
    ]);
  });

  it('names what a flag asks for and the kubeconfig has not', async () => {
    const { code, stderr } = await run(world, 'doctor', '--rbac', '--context', 'nope');
    expect(code).toBe(1);
    expect(stderr).toMatch(/nope/);
    expect(stderr).toMatch(/prod, test/);
  });

  it('still plans for the local folder when that is named, and shows objects of clusters only', async () => {
    mkdirSync(path.join(folder, 'vms'));
    const vm = new VmBuilder({ folder: path.join(folder, 'vms', 'web'), name: 'web' });
    const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: 4 * MIB });
    vm.write(disk, 0, Buffer.alloc(MIB, 7));
    vm.takeSnapshot('one');
    vm.finish();
    const planned = await run(world, 'plan', './vms/web', '--target', 'local', '-o', 'json');
    expect([planned.code, planned.stderr]).toEqual([0, '']);
    expect(JSON.parse(planned.stdout)).toMatchObject({ target: 'local' });
    const dry = await run(world, 'start', './vms/web', '--target', 'local', '--dry-run=client');
    expect(dry.code).toBe(1);
    expect(dry.stderr).toMatch(/STATE_REFUSED/);
  });

  it('says that the cluster does not answer, and goes on with the other checks', async () => {
    const { code, stdout } = await run(world, 'doctor', '-o', 'json');
    expect(code).toBe(1);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; state: string }[] };
    const stateOf = (name: string) => checks.find(check => check.name === name)?.state;
    expect(stateOf('cluster kubernetes')).toBe('failed');
    expect(stateOf('target local')).toBe('ok');
  });
});
