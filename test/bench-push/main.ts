/**
 * npm run bench:push -- [--size-mib 1024] [--rounds 3] [--cluster NAME] [--json FILE]
 *
 * Pushes a layer of random bytes into a pod of the test cluster, proof and all, beside
 * `kubectl port-forward` of the same bytes to a pod that throws them away, in turn; and reads how much
 * memory each of the processes took at most, and what of a processor, the cluster's own included: the
 * node is this machine, so all of them share it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import * as fs from 'node:fs';
import { connect, type Socket } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { MIB } from '../../packages/engine/src/bytes';
import type { ApplyOrder, Receipt } from '../../packages/engine/src/mover/mover';
import { openSource } from '../../packages/engine/src/sources/open-source';
import { openCluster } from '../../packages/engine/src/targets/kubernetes/cluster/http-cluster-api';
import { KubernetesTarget } from '../../packages/engine/src/targets/kubernetes/kubernetes-target';
import { kubernetesOptionsSchema } from '../../packages/engine/src/targets/kubernetes/options';
import { ClusterPods } from '../../packages/engine/src/targets/kubernetes/pods/cluster-pods';
import { isPending, type Volume } from '../../packages/engine/src/targets/target';
import { ensureCluster } from '../cluster';
import { Kubectl } from '../cluster/kubectl';
import { loadMoverImage } from '../cluster/mover-image';

const SINK_PORT = 40_108;
const MOVER_PROGRAM = path.resolve(process.cwd(), 'packages/mover/dist/mover.cjs');

interface Pushed {
  readonly mibPerSecond: number;
  readonly receipt: Receipt;
  readonly processes: Readonly<Partial<Record<Who, Taken>>>;
}

type Who = 'engine' | 'pusher' | 'mover' | 'API server' | 'kubelet' | 'containerd';

/** What a process of the cluster is called, as its command line begins; the rest of it names the cluster. */
const OF_CLUSTER: Readonly<Record<string, Who>> = {
  'kube-apiserver': 'API server',
  kubelet: 'kubelet',
  containerd: 'containerd',
};

/** What a process took: resident MiB at most, seconds of a processor in all. */
interface Taken {
  readonly memoryMib: number;
  readonly processorSeconds: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'size-mib': { type: 'string', default: '1024' },
      rounds: { type: 'string', default: '3' },
      cluster: { type: 'string', default: 'default' },
      json: { type: 'string' },
    },
  });
  const sizeBytes = Number(values['size-mib']) * MIB;
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'vm-migrate-bench-push-'));
  const cluster = await ensureCluster({ name: values.cluster });
  const image = await loadMoverImage(cluster);
  const kubectl = await Kubectl.inNewNamespace(cluster);
  const source = writeRandomDisk(path.join(folder, 'vm'), sizeBytes);
  await startSink(kubectl, image, sizeBytes);

  const api = openCluster({
    kubeconfig: cluster.kubeconfigPath,
    namespace: kubectl.namespace,
  });
  const options = kubernetesOptionsSchema.parse({ volumeMode: 'Block' });
  const pods = new ClusterPods({
    api,
    image: () => image,
    pods: { imagePullPolicy: 'Never' },
    moverProgram: MOVER_PROGRAM,
  });
  const target = new KubernetesTarget('lab', options, { api, pods });
  const pushed: Pushed[] = [];
  const plain: number[] = [];
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      const before = takenNow(cluster.name);
      plain.push(
        await throughKubectl(kubectl, cluster.kubectlPath, cluster.kubeconfigPath, source),
      );
      const beside = since(before, takenNow(cluster.name), ['API server', 'kubelet', 'containerd']);
      pushed.push(await push(target, cluster.name, source, `push-${round}`, sizeBytes));
      console.log(
        `round ${round + 1}: kubectl port-forward ${plain.at(-1)?.toFixed(0)} MiB/s; ${wordsOf(beside)}\n  pushed ${pushed.at(-1)?.mibPerSecond.toFixed(0)} MiB/s; ${wordsOf(pushed.at(-1)?.processes)}; load ${loadavg()[0]?.toFixed(0)}`,
      );
    }
  } finally {
    await target.close();
    await kubectl.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
    fs.rmSync(folder, { recursive: true, force: true });
  }
  const result = { processors: cpus().length, sizeBytes, plain, pushed };
  if (values.json !== undefined) fs.writeFileSync(values.json, JSON.stringify(result, null, 2));
  console.log(
    `median of ${values.rounds}: kubectl port-forward ${median(plain).toFixed(0)} MiB/s, pushed with its proof ${median(pushed.map(one => one.mibPerSecond)).toFixed(0)} MiB/s`,
  );
}

interface RandomDisk {
  readonly folder: string;
  readonly file: string;
}

function writeRandomDisk(folder: string, sizeBytes: number): RandomDisk {
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'disk.raw');
  const handle = fs.openSync(file, 'w');
  const bytes = Buffer.alloc(MIB);
  for (let at = 0; at < sizeBytes; at += MIB) fs.writeSync(handle, randomFillSync(bytes));
  fs.closeSync(handle);
  fs.writeFileSync(
    path.join(folder, 'disk.vmdk'),
    [
      '# Disk DescriptorFile',
      'version=1',
      'CID=0a0b0c0d',
      'parentCID=ffffffff',
      'createType="monolithicFlat"',
      `RW ${sizeBytes / 512} FLAT "disk.raw" 0`,
      '',
    ].join('\n'),
  );
  return { folder, file };
}

/** From the first byte that left to the receipt: copied, flushed, read back and equal. */
async function push(
  target: KubernetesTarget,
  cluster: string,
  { folder }: RandomDisk,
  name: string,
  sizeBytes: number,
): Promise<Pushed> {
  const source = { kind: 'vm-directory', folder, roots: [], datastores: {} } as const;
  const layer = await openSource(source).openLayer('disk.vmdk');
  const manifest = await layer.manifest();
  await layer.close();
  const volume = await emptyVolume(target, name, sizeBytes);
  const mark = { ...volume.mark, phase: 'writing', layerId: 'base' } as const;
  await target.mark(name, volume.mark, mark);
  const order: ApplyOrder = {
    protocol: 1,
    order: 'apply',
    runId: `bench/${name}/1`,
    leaseMs: 60_000,
    bytesPerSecond: 0,
    fence: 1,
    layerId: 'base',
    source,
    layer: { file: 'disk.vmdk', manifest },
    volume: volume.address,
    content: 'zeros',
    mark,
    windowBytes: 4 * MIB,
    windowsDone: [],
    proof: { stateSizeBytes: sizeBytes, table: `${volume.tablesPath}/base.table` },
  };
  const before = takenNow(cluster);
  const most: Partial<Record<Who, Taken>> = {};
  const look = (): void => {
    for (const [who, taken] of Object.entries(takenNow(cluster)) as [Who, Taken][])
      most[who] = {
        memoryMib: Math.max(most[who]?.memoryMib ?? 0, taken.memoryMib),
        processorSeconds: Math.max(most[who]?.processorSeconds ?? 0, taken.processorSeconds),
      };
  };
  const looks = setInterval(look, 500);
  try {
    for (;;) {
      const status = await target.mover().attend(order, 1_000);
      if (status.state === 'failed') throw new Error(JSON.stringify(status.error));
      if (status.state !== 'done') continue;
      look();
      const { receipt } = status;
      return {
        receipt,
        mibPerSecond: sizeBytes / MIB / (receipt.durationMs / 1_000),
        processes: since(before, most),
      };
    }
  } finally {
    clearInterval(looks);
  }
}

/** What was taken from `before` on; of processes that came later, all. */
function since(
  before: Partial<Record<Who, Taken>>,
  after: Partial<Record<Who, Taken>>,
  of: readonly Who[] = Object.keys(after) as Who[],
): Partial<Record<Who, Taken>> {
  return Object.fromEntries(
    of.flatMap(who => {
      const taken = after[who];
      if (taken === undefined) return [];
      const earlier = before[who]?.processorSeconds ?? 0;
      return [[who, { ...taken, processorSeconds: taken.processorSeconds - earlier }]];
    }),
  );
}

async function emptyVolume(
  target: KubernetesTarget,
  name: string,
  sizeBytes: number,
): Promise<Volume> {
  const mark = {
    storeId: 'bench',
    migrationId: 'bench',
    volumeId: name,
    generation: 1,
    phase: 'empty',
    fence: 0,
  } as const;
  const origin = { vmId: 'vm', vmName: 'vm', diskId: 'disk', diskLabel: 'disk' };
  for (;;) {
    const made = await target.ensureVolume({
      name,
      storageClass: 'fast',
      sizeBytes,
      mark,
      origin,
    });
    if (!isPending(made)) return made;
    await new Promise(resolve => setTimeout(resolve, made.retryMs));
  }
}

const TICKS_PER_SECOND = 100;

/** This process, the pusher, the mover in the pod, which on this cluster is a process of this machine, and the cluster's. */
function takenNow(cluster: string): Partial<Record<Who, Taken>> {
  const found: Partial<Record<Who, Taken>> = { engine: takenBy('self') };
  for (const pid of fs.readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (command.includes('--push')) found.pusher = takenBy(pid);
      else if (command.includes('/order/order.json')) found.mover = takenBy(pid);
      const who = OF_CLUSTER[path.basename(command[0] ?? '')];
      if (who !== undefined && command.some(word => word.includes(`/${cluster}/`)))
        found[who] = takenBy(pid);
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

function takenBy(pid: string): Taken {
  const [, kib = '0'] = /VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { memoryMib: Number(kib) / 1024, processorSeconds: ticks / TICKS_PER_SECOND };
}

/** A pod that throws away what comes to a port of its loopback, and answers when all of it has come. */
async function startSink(kubectl: Kubectl, image: string, sizeBytes: number): Promise<void> {
  const program = `require('net').createServer({allowHalfOpen:true},s=>{let n=0;s.on('data',b=>{n+=b.length;if(n>=${sizeBytes})s.end('all')})}).listen(${SINK_PORT},'127.0.0.1')`;
  const seccompProfile = { type: 'RuntimeDefault' };
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'sink' },
    spec: {
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 107, seccompProfile },
      containers: [
        {
          name: 'sink',
          image,
          imagePullPolicy: 'Never',
          command: ['/usr/local/bin/node', '-e', program],
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
            seccompProfile,
          },
        },
      ],
    },
  });
  await kubectl.until<{ status?: { phase?: string } }>(
    'pod/sink',
    ({ status }) => status?.phase === 'Running',
  );
}

/** The same file through kubectl, to a pod that does nothing with it: MiB/s. */
async function throughKubectl(
  kubectl: Kubectl,
  program: string,
  kubeconfig: string,
  { file }: RandomDisk,
): Promise<number> {
  const { child, port } = await portForward(kubectl, program, kubeconfig);
  try {
    const socket = await opened(port);
    const started = performance.now();
    const size = fs.statSync(file).size;
    let sent = 0;
    for await (const chunk of fs.createReadStream(file, { highWaterMark: 256 * 1024 })) {
      sent += (chunk as Buffer).length;
      if (!socket.write(chunk as Buffer))
        await new Promise(resolve => socket.once('drain', resolve));
    }
    await new Promise(resolve => socket.once('data', resolve));
    socket.destroy();
    if (sent !== size) throw new Error(`${sent} of ${size} bytes`);
    return size / MIB / ((performance.now() - started) / 1_000);
  } finally {
    child.kill();
  }
}

async function portForward(
  kubectl: Kubectl,
  program: string,
  kubeconfig: string,
): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(program, [
    `--kubeconfig=${kubeconfig}`,
    `--namespace=${kubectl.namespace}`,
    'port-forward',
    'pod/sink',
    `:${SINK_PORT}`,
  ]);
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const [, port] = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(said) ?? [];
      if (port !== undefined) resolve({ child, port: Number(port) });
    });
    child.once('close', () => reject(new Error(`kubectl port-forward ended: ${said}`)));
  });
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return socket;
}

function wordsOf(processes: Partial<Record<Who, Taken>> = {}): string {
  return Object.entries(processes)
    .map(
      ([who, { memoryMib, processorSeconds }]) =>
        `${who} ${memoryMib.toFixed(0)} MiB, ${processorSeconds.toFixed(1)} s`,
    )
    .join('; ');
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}

void main();
