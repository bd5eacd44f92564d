/** A layer's copy against `qemu-img convert` in the same pod, onto the same Block volume. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import type { ApplyOrder } from '../../packages/engine/src/mover/mover';
import { median } from '../bench/measure';
import { makeDisks } from '../bench/make-disks';
import { benchLayer } from '../bench/mover-run';
import { packImage } from '../cluster/images';
import { serveFolder } from '../cluster/serve-folder';
import type { BenchPlace } from './place';
import type { RaceInput, RaceSamples } from './race-in-pod';

const root = path.resolve(__dirname, '../..');
const IMAGE = 'cluster.invalid/race:1';
const DEVICE = '/dev/disk';
const MEDIUM_DEVICE = '/dev/medium';
const MIB = 1024 * 1024;

export interface CopyResult {
  readonly sizeBytes: number;
  readonly samples: RaceSamples;
  /** Ours / peer. */
  readonly ratio: number;
  readonly provedRatio: number;
}

export async function measureCopy(
  place: BenchPlace,
  sizeBytes: number,
  rounds: number,
): Promise<CopyResult> {
  const { cluster, kubectl, folder } = place;
  const tar = path.join(folder, 'race.tar');
  packImage({ tar, reference: IMAGE, files: imageFiles(), entrypoint: [process.execPath] });
  await cluster.loadImage(tar);
  const source = path.join(folder, 'race');
  mkdirSync(source, { recursive: true });
  const disks = makeDisks(source, sizeBytes);
  execFileSync('chmod', ['-R', 'a+rX', folder]);
  await serveFolder(kubectl, 'race-source', source);
  for (const name of ['race', 'race-medium']) await kubectl.apply(claim(name, sizeBytes));
  const file = path.join(disks.folder, disks.sparse);
  const input: RaceInput = {
    file,
    device: DEVICE,
    mediumDevice: MEDIUM_DEVICE,
    copy: JSON.stringify(await orderFor(file)),
    proved: JSON.stringify({
      ...(await orderFor(file)),
      proof: { stateSizeBytes: sizeBytes, table: '/tables/race.table' },
    }),
    rounds,
  };
  await kubectl.apply(pod(source, input));
  const { status } = await kubectl.until<{ status?: { phase?: string } }>(
    'pod/race',
    seen => seen.status?.phase === 'Succeeded' || seen.status?.phase === 'Failed',
    900_000,
  );
  const log = await kubectl.run(['logs', 'race']);
  if (status?.phase !== 'Succeeded') throw new Error(log);
  const samples = JSON.parse(/^race (.*)$/m.exec(log)?.[1] ?? '{}') as RaceSamples;
  const convert = median(samples.convert);
  return {
    sizeBytes,
    samples,
    ratio: median(samples.copy) / convert,
    provedRatio: median(samples.proved) / convert,
  };
}

async function orderFor(file: string): Promise<ApplyOrder> {
  const layer = await benchLayer(path.dirname(file), path.basename(file));
  return {
    order: 'apply',
    protocol: 1,
    runId: 'race',
    leaseMs: 3_600_000,
    bytesPerSecond: 0,
    fence: 1,
    layerId: 'race',
    source: { kind: 'vm-directory', folder: path.dirname(file), roots: [], datastores: {} },
    layer: { file: layer.file, manifest: layer.manifest },
    volume: { kind: 'block', path: DEVICE, sizeBytes: layer.sizeBytes, name: 'race' },
    content: 'zeros',
    mark: {
      storeId: 'bench',
      migrationId: 'bench',
      volumeId: 'bench',
      generation: 1,
      phase: 'writing',
      fence: 1,
    },
    windowBytes: 64 * MIB,
    windowsDone: [],
  };
}

/** Node, qemu-img and what both link to, at the paths that they have here; the mover with koffi. */
function imageFiles(): Record<string, string> {
  const programs = [process.execPath, '/usr/bin/qemu-img', '/usr/bin/dd'];
  const native = `@koromix/koffi-linux-${process.arch}`;
  const libraries = programs.flatMap(program =>
    [...execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].map(
      ([, file = '']) => file,
    ),
  );
  return {
    ...Object.fromEntries([...programs, ...libraries].map(file => [file, file])),
    '/app/mover.cjs': path.join(root, 'packages/mover/dist/mover.cjs'),
    '/app/race.cjs': path.join(root, 'test/dist/race-in-pod.cjs'),
    '/app/node_modules/koffi': path.join(root, 'node_modules/koffi'),
    [`/app/node_modules/${native}`]: path.join(root, 'node_modules', native),
  };
}

function claim(name: string, sizeBytes: number): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'fast',
      volumeMode: 'Block',
      resources: { requests: { storage: String(sizeBytes) } },
    },
  };
}

/** As a mover's pod: restricted, with its memory limit. */
function pod(source: string, input: RaceInput): object {
  const seccompProfile = { type: 'RuntimeDefault' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'race' },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 107, runAsGroup: 107, seccompProfile },
      containers: [
        {
          name: 'race',
          image: IMAGE,
          imagePullPolicy: 'Never',
          args: ['/app/race.cjs', JSON.stringify(input)],
          resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
            seccompProfile,
          },
          volumeDevices: [
            { name: 'disk', devicePath: DEVICE },
            { name: 'medium', devicePath: MEDIUM_DEVICE },
          ],
          volumeMounts: [
            { name: 'source', mountPath: source, readOnly: true },
            { name: 'tables', mountPath: '/tables' },
          ],
        },
      ],
      volumes: [
        { name: 'disk', persistentVolumeClaim: { claimName: 'race' } },
        { name: 'medium', persistentVolumeClaim: { claimName: 'race-medium' } },
        { name: 'source', persistentVolumeClaim: { claimName: 'race-source', readOnly: true } },
        { name: 'tables', emptyDir: {} },
      ],
    },
  };
}
