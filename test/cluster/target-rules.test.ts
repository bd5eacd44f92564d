/**
 * The rules of the Kubernetes target on the real cluster: who owns which fields, what a gate lets go
 * on, what is told at the volumes, which image runs, and what cleanup finds.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { snapshotSpec, volumeSpec } from '../../packages/engine/src/testing/target-suite';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import { findClassProof } from '../../packages/engine/src/store/places';
import { readClasses } from '../../packages/engine/src/targets/kubernetes/classes';
import type { ClusterApi } from '../../packages/engine/src/targets/kubernetes/cluster/cluster-api';
import { openCluster } from '../../packages/engine/src/targets/kubernetes/cluster/http-cluster-api';
import {
  PERSISTENT_VOLUME_CLAIM,
  POD,
  SECRET,
  VOLUME_SNAPSHOT,
  type KubeObject,
  type Pod,
} from '../../packages/engine/src/targets/kubernetes/cluster/resources';
import { objectManager } from '../../packages/engine/src/targets/kubernetes/layout';
import { kubernetesOptionsSchema } from '../../packages/engine/src/targets/kubernetes/options';
import { claimFor } from '../../packages/engine/src/targets/kubernetes/volumes';
import { openKubernetes } from '../../packages/engine/src/targets/kubernetes/open-kubernetes';
import type { ClassProof } from '../../packages/engine/src/targets/prove-class';
import { isPending } from '../../packages/engine/src/targets/target';
import { describeWithOwnCluster, ensureCluster, type Cluster } from '.';
import { faultsFile } from './drivers';
import { existingInstance } from './instance';
import { Kubectl } from './kubectl';
import { loadMoverImage } from './mover-image';
import { serveFolder } from './serve-folder';
import { until } from './until';

const MIB = 1024 ** 2;
const WAIT_MS = 60_000;

interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly fieldsV1: object;
}

describeWithOwnCluster('the rules of a Kubernetes target', () => {
  const folder = tempFolder();
  let cluster: Cluster;
  let kubectl: Kubectl;
  let api: ClusterApi;
  let image: string;
  let test: TestEngine;

  beforeAll(async () => {
    cluster = await ensureCluster();
    cluster.clearFaults();
    image = await loadMoverImage(cluster);
    kubectl = await Kubectl.inNewNamespace(cluster);
    api = openCluster({ kubeconfig: cluster.kubeconfigPath, namespace: kubectl.namespace });
    const vm = new VmBuilder({ folder: path.join(folder, 'store', 'vm'), name: 'web' });
    const disk = vm.addDisk({ format: 'flat+cowd', sizeBytes: 8 * MIB });
    for (const name of ['S1', 'S2']) {
      vm.write(disk, name === 'S1' ? 0 : MIB, seededBytes(64 * 1024, name.length));
      vm.takeSnapshot(name);
    }
    vm.finish();
    execFileSync('chmod', ['-R', 'a+rX', folder]);
    await serveFolder(kubectl, 'store', path.join(folder, 'store'));
    test = await testEngine(folder, {
      sources: [
        {
          name: 'store',
          kind: 'vm-directory',
          options: { folder: path.join(folder, 'store'), pods: { persistentVolumeClaim: 'store' } },
        },
      ],
      targets: [{ name: 'lab', kind: 'kubernetes', isDefault: true, options: options() }],
    });
    await test.startWorker({ leaseMs: 10_000, deadAfterMs: 10_000 });
  }, 180_000);

  afterAll(async () => {
    cluster.clearFaults();
    await test.close();
    api.close();
    await kubectl.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
  });

  const options = () => ({
    kubeconfig: cluster.kubeconfigPath,
    namespace: kubectl.namespace,
    moverImage: image,
    pods: { imagePullPolicy: 'Never' },
    gate: { fast: 'creationTime' },
  });

  const faultsOfFast = (): string => {
    const instance = existingInstance(cluster.name);
    if (instance === undefined) throw new Error('no cluster of this machine');
    return faultsFile(instance, 'fast');
  };

  const managersOf = (object: KubeObject | undefined): readonly ManagedFields[] =>
    (object?.metadata as { managedFields?: ManagedFields[] } | undefined)?.managedFields ?? [];
  const ownersOf = (object: KubeObject | undefined, field: string): readonly string[] =>
    managersOf(object)
      .filter(({ fieldsV1 }) => JSON.stringify(fieldsV1).includes(`"f:${field}"`))
      .map(({ manager, operation }) => `${manager} ${operation}`);

  it('owns the fields of a volume store by store, and its mark apart', async () => {
    const target = openKubernetes('fields', kubernetesOptionsSchema.parse(options()), undefined);
    const spec = volumeSpec({ storageClass: 'fast', sizeStepBytes: 512 }, { name: 'fields-0' });
    const volume = await until('the volume', WAIT_MS, async () => {
      const made = await target.ensureVolume(spec);
      return isPending(made) ? undefined : made;
    });
    const { storeId } = spec.mark;
    const whole = `${objectManager(storeId)} Apply`;
    const made = await api.get(PERSISTENT_VOLUME_CLAIM, spec.name);
    expect(ownersOf(made, 'vm-migrate.io/spec')).toEqual([whole]);
    expect(ownersOf(made, 'vm-migrate.io/mark')).toEqual([whole]);
    await target.mark(spec.name, volume.mark, { ...volume.mark, phase: 'holds', layerId: 'base' });
    const marked = await api.get(PERSISTENT_VOLUME_CLAIM, spec.name);
    expect(ownersOf(marked, 'vm-migrate.io/mark')).toEqual([`vm-migrate-mark/${storeId} Apply`]);
    expect(ownersOf(marked, 'vm-migrate.io/spec')).toEqual([whole]);
    expect(marked?.metadata.labels).toEqual(made?.metadata.labels);
    await until('the cut', WAIT_MS, async () => {
      const cut = await target.ensureVolumeSnapshot(
        snapshotSpec({
          name: 'fields-cut',
          volume: spec.name,
          storeId,
          migrationId: spec.mark.migrationId,
        }),
      );
      return isPending(cut) ? undefined : cut;
    });
    const cut = await api.get(VOLUME_SNAPSHOT, 'fields-cut');
    expect(ownersOf(cut, 'vm-migrate.io/spec')).toEqual([whole]);
    await target.close();
  });

  it('changes nothing that is there: neither nobody’s object of the very same spec, nor by a dry run', async () => {
    const parsed = kubernetesOptionsSchema.parse(options());
    const storageClass = (await readClasses(api, parsed)).find(({ name }) => name === 'fast');
    if (storageClass === undefined) throw new Error('no class fast');
    const spec = volumeSpec({ storageClass: 'fast', sizeStepBytes: 512 }, { name: 'nobody-0' });
    const claim = claimFor(spec, storageClass, undefined, 0);
    const manager = objectManager(spec.mark.storeId);
    expect(
      await api.applyNew(PERSISTENT_VOLUME_CLAIM, claim, { manager, dryRun: true }),
    ).toMatchObject({ metadata: { name: 'nobody-0' } });
    expect(await api.get(PERSISTENT_VOLUME_CLAIM, 'nobody-0')).toBeUndefined();
    const bare = { metadata: { name: 'nobody-0' }, spec: claim.spec };
    await api.create(PERSISTENT_VOLUME_CLAIM, bare);
    await until('it to be bound', WAIT_MS, async () => {
      const now = await api.get(PERSISTENT_VOLUME_CLAIM, 'nobody-0');
      return now?.status?.phase === 'Bound' ? now : undefined;
    });
    const before = await api.get(PERSISTENT_VOLUME_CLAIM, 'nobody-0');
    expect(await api.applyNew(PERSISTENT_VOLUME_CLAIM, claim, { manager })).toBe('exists');
    expect(await api.get(PERSISTENT_VOLUME_CLAIM, 'nobody-0')).toEqual(before);
  });

  it('marks a volume that an earlier version made with POST, and only as it was looked at', async () => {
    const parsed = kubernetesOptionsSchema.parse(options());
    const storageClass = (await readClasses(api, parsed)).find(({ name }) => name === 'fast');
    if (storageClass === undefined) throw new Error('no class fast');
    const spec = volumeSpec({ storageClass: 'fast', sizeStepBytes: 512 }, { name: 'posted-0' });
    const made = await api.create(
      PERSISTENT_VOLUME_CLAIM,
      claimFor(spec, storageClass, undefined, 0),
    );
    if (made === 'exists') throw new Error('it is there');
    expect(ownersOf(made, 'vm-migrate.io/mark')).toEqual(['vm-migrate Update']);
    const target = openKubernetes('posted', parsed, undefined);
    const adopted = await until('the volume', WAIT_MS, async () => {
      const found = await target.ensureVolume(spec);
      return isPending(found) ? undefined : found;
    });
    const next = { ...adopted.mark, phase: 'holds', layerId: 'base' } as const;
    await target.mark('posted-0', adopted.mark, next);
    const now = await api.get(PERSISTENT_VOLUME_CLAIM, 'posted-0');
    expect(ownersOf(now, 'vm-migrate.io/mark')).toEqual([
      `vm-migrate-mark/${spec.mark.storeId} Apply`,
    ]);
    // What was looked at before is no more: nothing is written.
    const stale = await api.applyAnnotations(
      PERSISTENT_VOLUME_CLAIM,
      made,
      { a: 'b' },
      { manager: 'x' },
    );
    expect(stale).toBe('conflict');
    await target.close();
  });

  /** Starts with an image that no node has, and answers what a step of this kind says of its pod. */
  const reasonWithout = async (kind: 'proveClass' | 'applyLayer'): Promise<string> => {
    const { migration } = await test.engine.call('start', {
      vm: 'store/web',
      options: { namePrefix: 'image', moverImage: 'nowhere.test/none:1', sampleWindows: 0 },
    });
    const reason = await until('the reason', WAIT_MS, async () => {
      const [row] = await test.engine.database.query<{ reason: string | null }>(
        `select reason from vm_migrate.step where migration_id = $1 and kind = $2 and reason like '%get its image%'`,
        [migration, kind],
      );
      return row?.reason ?? undefined;
    });
    await test.engine.call('cancel', { migration, objects: 'remove-all' });
    await test.until(migration, ['canceled'], 60_000);
    return reason;
  };
  const NOT_THERE = /cannot get its image: ErrImageNeverPull.*nowhere\.test\/none:1/;

  it('probes a class with the image that was chosen', async () => {
    expect(await reasonWithout('proveClass')).toMatch(NOT_THERE);
  }, 120_000);

  // Proved while nothing is slow; what that was done with, the next migration does not ask.
  it('takes a proof that another image made, and runs its own', async () => {
    const { migration } = await test.engine.call('start', {
      vm: 'store/web',
      options: { namePrefix: 'proof', moverImage: image, sampleWindows: 0 },
    });
    await test.until(migration, ['migrated'], 150_000);
    const proof = await findClassProof<ClassProof>(test.engine.database, 'lab', 'fast');
    expect(proof?.result).toMatchObject({ moverImage: image });
    expect(await reasonWithout('applyLayer')).toMatch(NOT_THERE);
  }, 240_000);

  it('writes the next layer when the VolumeSnapshot is cut, and ends when all are ready', async () => {
    // No VolumeSnapshot is ready before all layers are written, however long that takes.
    const unready = (): void => cluster.setFault('fast', { snapshotReadyDelayMs: 3_600_000 });
    unready();
    const { migration } = await test.engine.call('start', {
      vm: 'store/web',
      options: { namePrefix: 'gate', moverImage: image, sampleWindows: 1 },
    });
    await until('all layers to be written', 180_000, async () => {
      // Another file of tests that begins now clears all faults.
      if (!existsSync(faultsOfFast())) unready();
      const { steps } = await test.engine.call('describe', { migration });
      const layers = steps.filter(({ kind }) => kind === 'applyLayer');
      return layers.length > 1 && layers.every(({ state }) => state === 'done');
    });
    cluster.clearFaults();
    await test.until(migration, ['migrated'], 180_000);
    const steps = await test.engine.database.query<{ id: string; kind: string; at: string }>(
      `select step_id as id, kind, finished_at::text as at from vm_migrate.step where migration_id = $1 order by finished_at`,
      [migration],
    );
    const order = steps.map(({ kind }) => kind);
    // The second layer was written before the first VolumeSnapshot was ready.
    expect(order.lastIndexOf('applyLayer')).toBeLessThan(order.indexOf('sampleSnapshot'));
    expect(order.indexOf('awaitSnapshot')).toBeGreaterThan(
      order.indexOf('applyLayer', order.indexOf('applyLayer') + 1),
    );
    expect(order.filter(kind => kind === 'awaitSnapshot')).toHaveLength(2);
    const { items } = await api.list(VOLUME_SNAPSHOT, {
      labels: { 'vm-migrate.io/migration': migration },
    });
    expect(items.map(({ status }) => status?.readyToUse)).toEqual([true, true]);
    const events = await test.engine.call('getEvents', { migration });
    expect(JSON.stringify(events)).toContain(image);

    // What happened stands at the PVC, for whoever looks there.
    const claims = await api.list(PERSISTENT_VOLUME_CLAIM, {
      labels: { 'vm-migrate.io/migration': migration },
    });
    const claim = claims.items.find(({ metadata }) => metadata.annotations?.['vm-migrate.io/mark']);
    const told = await until('the events', WAIT_MS, async () => {
      const text = await kubectl.run(['describe', 'pvc', claim?.metadata.name ?? '']);
      return /VolumeSnapshotReady/.test(text) ? text : undefined;
    });
    expect(told).toMatch(/LayerMigrated\s.*vm-migrate\s+Done: write web.*\.vmdk/);
    expect(told).toMatch(/VolumeSnapshotTaken/);
  }, 480_000);

  it('finds what nobody needs, of every kind, and removes only that, only when asked', async () => {
    const { storeId } = test.engine;
    const labels = (store: string) => ({
      'app.kubernetes.io/managed-by': 'vm-migrate',
      'vm-migrate.io/store': store,
      'vm-migrate.io/migration': 'm-gone',
    });
    const bare = {
      restartPolicy: 'Never',
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 107,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'mover',
          image: 'none:1',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
      nodeSelector: { no: 'node' },
    };
    const pod = (name: string, store: string): Pod => ({
      metadata: {
        name,
        labels: labels(store),
        annotations: { 'vm-migrate.io/run': 'm-gone/step/1' },
      },
      spec: bare,
    });
    const left = await api.create(POD, pod('left-pod', storeId));
    await api.create(POD, pod('left-foreign', 'another-store'));
    const uid = left === 'exists' ? '' : (left.metadata.uid ?? '');
    await api.create(SECRET, {
      metadata: {
        name: 'left-secret',
        labels: labels(storeId),
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'left-pod', uid }],
      },
      stringData: { order: 'x' },
    });
    // Given up with nothing to keep: its objects are nobody's. Of `m-gone` there is no record at all.
    const [given] = await test.engine.call('getMigrations', {});
    const migrationId = given?.id ?? '';
    await test.engine.database.query(
      "update vm_migrate.migration set state = 'canceled' where id = $1",
      [migrationId],
    );
    const target = openKubernetes('left', kubernetesOptionsSchema.parse(options()), undefined);
    const volumeOf = async (name: string, migration: string): Promise<void> => {
      const spec = volumeSpec({ storageClass: 'fast', sizeStepBytes: 512 }, { name });
      const mark = { ...spec.mark, storeId, migrationId: migration };
      await target.ensureVolume({ ...spec, mark });
    };
    await volumeOf('left-volume', migrationId);
    await volumeOf('left-unknown', 'm-gone');
    await api.create(PERSISTENT_VOLUME_CLAIM, {
      metadata: {
        name: 'left-tables',
        labels: { ...labels(storeId), 'app.kubernetes.io/component': 'tables' },
      },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'fast',
        resources: { requests: { storage: '1Mi' } },
      },
    });
    const cut = snapshotSpec({
      name: 'left-cut',
      volume: 'left-volume',
      storeId,
      migrationId,
    });
    await api.create(VOLUME_SNAPSHOT, {
      metadata: {
        name: 'left-cut',
        labels: labels(storeId),
        annotations: {
          'vm-migrate.io/spec': JSON.stringify({
            format: 'vm-migrate/volume-snapshot/1',
            spec: cut,
            storageClass: 'fast',
            sizeBytes: 1,
            volumeMode: 'Block',
          }),
        },
      },
      spec: {
        volumeSnapshotClassName: 'not-there',
        source: { persistentVolumeClaimName: 'left-volume' },
      },
    });
    const ofTest = (name: string): boolean => name.startsWith('left-');
    const listed = await test.engine.call('cleanup', { target: 'lab' });
    const found = listed.orphans.filter(({ name }) => ofTest(name));
    expect(
      found.map(({ kind, name, removed }) => `${kind} ${name} ${String(removed)}`).sort(),
    ).toEqual([
      'pod left-pod false',
      'tables left-tables false',
      'volume left-volume false',
      'volume-snapshot left-cut false',
    ]);
    expect(found.find(({ kind }) => kind === 'volume-snapshot')?.why).toContain('not-there');
    expect(await api.get(POD, 'left-pod')).toBeDefined();

    await test.engine.call('cleanup', { target: 'lab', remove: true });
    expect(await api.get(POD, 'left-pod')).toBeUndefined();
    expect(await api.get(VOLUME_SNAPSHOT, 'left-cut')).toBeUndefined();
    expect(await api.get(PERSISTENT_VOLUME_CLAIM, 'left-tables')).toBeUndefined();
    expect(await api.get(POD, 'left-foreign')).toBeDefined();
    expect(await api.get(PERSISTENT_VOLUME_CLAIM, 'left-unknown')).toBeDefined();
    // The cluster itself takes what belonged to the pod.
    await until('the Secret to go', WAIT_MS, async () =>
      (await api.get(SECRET, 'left-secret')) === undefined ? true : undefined,
    );
    await target.close();
  }, 120_000);
});
