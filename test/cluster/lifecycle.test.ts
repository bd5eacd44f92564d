import { existsSync, readdirSync } from 'node:fs';

import { describeWithOwnCluster, ensureCluster, type Cluster, type ComponentName } from '.';
import { takeDown, wipe } from './bring-up';
import { withInstance } from './cluster';
import { expectedDigest, loadBytesImage } from './expected-bytes';
import { existingInstance, type Instance } from './instance';
import { Kubectl, type KubeObject } from './kubectl';
import { loopsOn, shims, strays } from './leftovers';
import { cgroupFolders, mountsUnder, processesInCgroups } from './machine';
import { cniNetwork } from './node-config';
import { fileOn, isReady, isRunning, makeClaim, makeSnapshot, runPod, startPod } from './objects';
import { endProcess, Processes } from './processes';

const NAME = 'crash';
const MIBS = 8;
const UP_MS = 300_000;

describeWithOwnCluster('life of a cluster', () => {
  const up = () => ensureCluster({ name: NAME });
  const instance = (): Instance => {
    const found = existingInstance(NAME);
    if (found === undefined) throw new Error(`no instance ${NAME}`);
    return found;
  };
  const wipeIt = async () => {
    const found = existingInstance(NAME);
    if (found !== undefined) await withInstance(NAME, () => wipe(found));
  };

  beforeAll(wipeIt, UP_MS);
  afterAll(wipeIt, UP_MS);

  it(
    'ends and starts single components',
    async () => {
      const cluster = await up();
      const kubectl = await Kubectl.inNewNamespace(cluster);
      const names: ComponentName[] = [
        'etcd',
        'kube-apiserver',
        'kube-controller-manager',
        'kube-scheduler',
        'containerd',
        'kubelet',
        'snapshot-controller',
        'driver-fast',
      ];
      const processes = new Processes(instance().folder);
      for (const name of names) {
        await cluster.stop(name);
        expect([name, processes.pid(name)]).toEqual([name, undefined]);
        await cluster.start(name);
        expect([name, processes.pid(name)]).toEqual([name, expect.any(Number)]);
      }
      await makeClaim(kubectl, 'after', { mode: 'Filesystem' });
      await loadBytesImage(cluster);
      await runPod(kubectl, 'writes', 'Filesystem', 'after', ['write', '/volume/x', 'x', '1']);
      await makeSnapshot(kubectl, 'after', 'after');
      await kubectl.until('volumesnapshot/after', isReady);
    },
    UP_MS,
  );

  it(
    'keeps objects, volumes and pods through kill -9 of every process, and is clean when down',
    async () => {
      const cluster = await up();
      const kubectl = await withVolumes(cluster);
      const namespace = await kubectl.get(`namespace/${kubectl.namespace}`);

      await killAll(instance());
      await up();
      expect(await kubectl.get<KubeObject>(`namespace/${kubectl.namespace}`)).toMatchObject({
        metadata: { uid: namespace.metadata.uid },
      });
      await kubectl.until('pod/holds-block', isRunning);

      await up(); // Nothing to do.
      await killAll(instance());
      await withInstance(NAME, () => takeDown(instance()));
      expect(leftovers(instance())).toEqual([]);

      await up();
      await loadBytesImage(cluster);
      const read = ['digest', fileOn('Filesystem'), String(MIBS)];
      expect(await runPod(kubectl, 'reads', 'Filesystem', 'files', read)).toBe(
        expectedDigest('kept', MIBS),
      );

      const last = instance();
      await withInstance(NAME, () => wipe(last));
      expect(leftovers(last)).toEqual([]);
      expect(existsSync(last.folder)).toBe(false);
    },
    UP_MS,
  );
});

/** Bytes on a Filesystem volume, and a pod of each mode that goes on running. */
async function withVolumes(cluster: Cluster): Promise<Kubectl> {
  await loadBytesImage(cluster);
  const kubectl = await Kubectl.inNewNamespace(cluster);
  await makeClaim(kubectl, 'device', { mode: 'Block' });
  await makeClaim(kubectl, 'files', { mode: 'Filesystem' });
  await runPod(kubectl, 'writes', 'Filesystem', 'files', [
    'write',
    fileOn('Filesystem'),
    'kept',
    String(MIBS),
  ]);
  await startPod(kubectl, 'holds-block', 'Block', 'device', ['hold']);
  await startPod(kubectl, 'holds-files', 'Filesystem', 'files', ['hold']);
  await kubectl.until('pod/holds-block', isRunning);
  await kubectl.until('pod/holds-files', isRunning);
  return kubectl;
}

/** All but the containers and their shims, which outlive their parents on a real node too. */
async function killAll(instance: Instance): Promise<void> {
  const victims = strays(instance);
  expect(victims.length).toBeGreaterThan(8);
  await Promise.all(victims.map(pid => endProcess(pid, 0)));
}

/** Everything of the instance that can still be found on the machine. */
function leftovers(instance: Instance): string[] {
  const results = '/var/lib/cni/results';
  return [
    ...[...strays(instance), ...shims(instance)].map(pid => `process ${pid}`),
    ...processesInCgroups(instance).map(pid => `process ${pid} in a cgroup`),
    ...mountsUnder(instance.folder).map(target => `mount ${target}`),
    ...loopsOn(instance.folder).map(([device]) => `loop device ${device}`),
    ...cgroupFolders(instance).filter(existsSync),
    ...(existsSync(`/sys/class/net/${instance.bridge}`) ? [`bridge ${instance.bridge}`] : []),
    ...(existsSync(results) ? readdirSync(results) : []).filter(file =>
      file.startsWith(`${cniNetwork(instance)}-`),
    ),
  ];
}
