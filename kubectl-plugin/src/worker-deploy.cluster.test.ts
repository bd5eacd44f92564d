/**
 * `worker deploy --postgres --apply` into a namespace that enforces `restricted`; a migration is
 * started on this machine, which is another host with a kubeconfig of its own, and the worker in the
 * cluster does all of it, with only its Role. It is replaced in the middle, by SIGTERM: the pod that
 * copies goes on meanwhile.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { stringify } from 'yaml';

import { type Cluster, describeWithOwnCluster, ensureCluster } from '../../test/cluster';
import { Kubectl } from '../../test/cluster/kubectl';
import { loadPostgresImage } from '../../test/cluster/postgres-image';
import { serveFolder } from '../../test/cluster/serve-folder';
import { until } from '../../test/cluster/until';
import { loadWorkerImages } from '../../test/cluster/worker-image';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import { run, worldIn, type World } from './testing/run-program';

const MIB = 1024 * 1024;
const WORKER = 'app.kubernetes.io/instance=vm-migrate-worker';
const MOVER = 'app.kubernetes.io/component=mover';

interface Pods {
  readonly items: readonly {
    readonly metadata: {
      readonly name: string;
      readonly uid: string;
      readonly deletionTimestamp?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly status: { readonly phase?: string; readonly podIP?: string };
  }[];
}

describeWithOwnCluster('a worker that was deployed into the cluster', () => {
  const folder = tempFolder();
  let cluster: Cluster;
  let kubectl: Kubectl;
  let world: World;

  beforeAll(async () => {
    cluster = await ensureCluster();
    cluster.clearFaults();
    const images = await loadWorkerImages(cluster);
    const postgres = await loadPostgresImage(cluster);
    kubectl = await Kubectl.inNewNamespace(cluster);
    writeVm(path.join(folder, 'store', 'web'));
    execFileSync('chmod', ['-R', 'a+rX', folder]);
    await serveFolder(kubectl, 'store', path.join(folder, 'store'));
    world = worldIn(folder, { VM_MIGRATE_CONFIG: configure(images.mover) });
    await deploy(images.worker, postgres);
  }, 480_000);

  afterAll(async () => {
    const wide = `vm-migrate:${kubectl.namespace}:vm-migrate`;
    await kubectl.run(['delete', 'clusterrole,clusterrolebinding', wide]);
    await kubectl.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
  });

  /** A base with enough to be busy for a while, and one delta. */
  function writeVm(into: string): void {
    const vm = new VmBuilder({ folder: into, name: 'web', seed: 7 });
    const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: 64 * MIB });
    vm.write(disk, 0, seededBytes(48 * MIB, 1));
    vm.takeSnapshot('before');
    vm.write(disk, 8 * MIB, seededBytes(2 * MIB, 2));
    vm.finish();
  }

  function configure(moverImage: string): string {
    const file = path.join(folder, 'config.yaml');
    const vmMigrate = {
      sources: {
        store: {
          kind: 'vm-directory',
          folder: path.join(folder, 'store'),
          pods: { persistentVolumeClaim: 'store' },
        },
      },
      targets: {
        lab: {
          kind: 'kubernetes',
          default: true,
          kubeconfig: cluster.kubeconfigPath,
          namespace: kubectl.namespace,
          volumeMode: 'Block',
          moverImage,
          pods: { imagePullPolicy: 'Never' },
        },
      },
    };
    writeFileSync(file, stringify({ vmMigrate }));
    return file;
  }

  async function deploy(workerImage: string, postgresImage: string): Promise<void> {
    const apply = [
      ...['worker', 'deploy', '--postgres', '--postgres-image', postgresImage],
      ...['--postgres-storage', '1Gi', '--worker-image', workerImage, '--lease-seconds', '10'],
      '--apply',
    ];
    expect(await run(world, ...apply, '--dry-run=server')).toMatchObject({ code: 0 });
    const applied = await run(world, ...apply);
    expect(applied).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/secret\/\S+ created/),
    });
    // Again changes nothing, least of all the password.
    const again = await run(world, ...apply);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/secret\/\S+ kept/) });
    await withoutDnsAndServices();
    await until('the worker to be rolled out', 240_000, async () => {
      await kubectl.run(['rollout', 'status', 'deployment/vm-migrate-worker', '--timeout=50s']);
      return true;
    });
    const secret = await kubectl.get<{ data: Record<string, string> }>(
      'secret/vm-migrate-postgres',
    );
    const url = new URL(Buffer.from(secret.data['url'] ?? '', 'base64').toString());
    // This machine reaches pods by their addresses.
    url.hostname = await postgresAddress();
    world = { ...world, environment: { ...world.environment, VM_MIGRATE_DATABASE_URL: url.href } };
    expect(applied.stdout + applied.stderr).not.toContain(url.password);
  }

  /** What this cluster lacks: names of Services, and the Service of the API server. */
  async function withoutDnsAndServices(): Promise<void> {
    const aliases = {
      ip: await postgresAddress(),
      hostnames: [`vm-migrate-postgres.${kubectl.namespace}.svc`],
    };
    const view = ['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}'];
    const { port } = new URL(await kubectl.run(view));
    const env = [
      { name: 'KUBERNETES_SERVICE_HOST', value: cluster.bridgeAddress },
      { name: 'KUBERNETES_SERVICE_PORT', value: port },
    ];
    const spec = { hostAliases: [aliases], containers: [{ name: 'worker', env }] };
    const patch = JSON.stringify({ spec: { template: { spec } } });
    await kubectl.run(['patch', 'deployment', 'vm-migrate-worker', '-p', patch]);
  }

  async function postgresAddress(): Promise<string> {
    const pod = await kubectl.until<Pods['items'][number]>(
      'pod/vm-migrate-postgres-0',
      ({ status }) => status.podIP !== undefined,
    );
    return pod.status.podIP ?? '';
  }

  const podsOf = async (label: string): Promise<Pods['items']> => {
    const { items } = JSON.parse(
      await kubectl.run(['get', 'pods', '-l', label, '-o', 'json']),
    ) as Pods;
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  };
  /** The worker that is not ending. */
  const worker = () =>
    until('one worker', 120_000, async () => {
      const [first, second] = await podsOf(WORKER);
      return second === undefined && first?.status.podIP !== undefined && first;
    });
  const json = async <T>(...args: string[]): Promise<T> => {
    const { code, stdout, stderr } = await run(world, ...args, '-o', 'json');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  };

  it('does a migration that was started elsewhere, and one that replaces it goes on', async () => {
    const first = await worker();
    expect(await ask(first.status.podIP, '/readyz')).toMatchObject({
      status: 200,
      text: expect.stringMatching(/database: ok\ntarget lab: ok/),
    });
    expect((await run(world, 'limits', 'source:store', '--rate', '1M')).code).toBe(0);
    const started = await run(world, 'start', 'store/web', '--detach');
    expect(started).toMatchObject({ code: 0 });

    // A pod copies, which at this rate takes a while; its worker is told to go.
    const mover = await until('the base to be copied', 90_000, async () =>
      (await podsOf(MOVER)).find(
        ({ metadata, status }) =>
          status.phase === 'Running' && metadata.annotations?.['vm-migrate.io/fence'] !== undefined,
      ),
    );
    const log = kubectl.run(['logs', '-f', first.metadata.name]);
    await kubectl.run(['delete', 'pod', first.metadata.name, '--wait=false']);
    expect(await log).toMatch(/stopping: gives its steps back\n(.*\n)*.*stopped\n$/);
    expect((await podsOf(MOVER)).map(({ metadata }) => metadata.uid)).toContain(mover.metadata.uid);
    expect((await run(world, 'limits', 'source:store', '--rate', 'none')).code).toBe(0);

    const waited = await run(world, 'wait', 'web', '--timeout', '200s');
    expect(waited).toMatchObject({ code: 0 });
    const second = await worker();
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
    const { text } = await ask(second.status.podIP, '/metrics');
    expect(valueOf(text, 'vm_migrate_layer_count', 'flag="migrated"')).toBe(2);
    expect(valueOf(text, 'vm_migrate_migration_count', 'state="migrated"')).toBe(1);
    expect(valueOf(text, 'vm_migrate_step_ended_total', 'outcome="done"')).toBeGreaterThan(0);
    expect(valueOf(text, 'vm_migrate_kubernetes_request_duration_count')).toBeGreaterThan(0);
    expect(valueOf(text, 'vm_migrate_lease_lost_total')).toBe(0);
    // Nobody else worked: this machine has no worker, and what is there is of another host.
    const workers = await json<{ items: { host: string }[] }>('get', 'workers');
    const hosts = workers.items.map(({ host }) => host);
    expect(hosts).toEqual([second.metadata.name]);
  }, 480_000);
});

/** Sum of a metric's samples, of those with this label. */
function valueOf(metrics: string, name: string, label = ''): number {
  return metrics
    .split('\n')
    .filter(
      line => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && line.includes(label),
    )
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

function ask(address = '', where: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: address, port: 9464, path: where, timeout: 5_000 }, answer => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 5 s')));
    request.on('error', reject);
  });
}
