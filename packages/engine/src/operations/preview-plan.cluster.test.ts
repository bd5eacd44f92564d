/** --dry-run=server on the real cluster: what would be applied is admitted, nothing is stored, refusals are repeated. */
import path from 'node:path';

import { type Cluster, describeWithCluster, ensureCluster } from '../../../../test/cluster';
import { Kubectl } from '../../../../test/cluster/kubectl';
import { buildPlan } from '../plan/build-plan';
import { planOptionsOf } from '../plan/migrations-file';
import type { Plan } from '../plan/plan';
import { vmDirectorySource } from '../sources/vm-directory/vm-directory-source';
import type { SourceAddress } from '../sources/source';
import { measureOwnBytes, type OwnBytes } from '../sources/measure-own-bytes';
import { capabilitiesOf, readClasses } from '../targets/kubernetes/classes';
import '../targets/kubernetes/cluster/client-node'; // loads now, which in jest takes longer than a test may
import { openCluster } from '../targets/kubernetes/cluster/http-cluster-api';
import { kubernetesOptionsSchema } from '../targets/kubernetes/options';
import { seededBytes } from '../testing/seeded-bytes';
import { tempFolder } from '../testing/temp-folder';
import { VmBuilder } from '../testing/vm-builder';
import { previewPlan, type DryRun } from './preview-plan';

const MIB = 1024 * 1024;
jest.setTimeout(120_000);
const folder = tempFolder();

describeWithCluster('a dry run', () => {
  let cluster: Cluster;
  let kubectl: Kubectl;
  let plan: Plan;
  let source: SourceAddress;

  beforeAll(async () => {
    cluster = await ensureCluster();
    kubectl = await Kubectl.inNewNamespace(cluster);
    const vm = new VmBuilder({ folder: path.join(folder, 'web'), name: 'web' });
    const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: 64 * MIB });
    vm.write(disk, 0, seededBytes(MIB, 1));
    vm.takeSnapshot('one');
    vm.write(disk, 32 * MIB, seededBytes(MIB, 2));
    vm.takeSnapshot('two');
    vm.write(disk, 0, seededBytes(MIB, 3));
    vm.finish();
    const opened = vmDirectorySource({
      name: 'lab',
      folder,
      pods: { persistentVolumeClaim: 'vms' },
    });
    const [found] = await opened.listVms();
    const tree = await opened.loadTree(found?.id ?? '');
    source = await opened.address(tree.vm.id);
    const options = kubernetesOptionsSchema.parse(optionsOf());
    const api = openCluster({ kubeconfig: cluster.kubeconfigPath, namespace: kubectl.namespace });
    const ownBytes: Record<string, OwnBytes> = {};
    for (const layer of tree.disks.flatMap(one => one.layers)) {
      if (layer.ownBytes !== undefined || layer.access !== 'frozen') continue;
      const read = await opened.openLayer(tree.vm.id, layer.file);
      ownBytes[layer.id] = await measureOwnBytes(read);
      await read.close();
    }
    plan = buildPlan({
      tree,
      options: planOptionsOf({}, 0),
      source: 'lab',
      target: 'kubernetes',
      capabilities: capabilitiesOf(await readClasses(api, options)),
      probes: {},
      ownBytes,
    });
    api.close();
  });
  afterAll(() => kubectl.run(['delete', 'namespace', kubectl.namespace, '--wait=false']));

  const optionsOf = (more: object = {}) => ({
    kubeconfig: cluster.kubeconfigPath,
    namespace: kubectl.namespace,
    moverImage: 'registry.test/mover@sha256:1234',
    ...more,
  });
  const preview = (how: DryRun, more: object = {}) =>
    previewPlan(
      { plan, storeId: 'store', options: optionsOf(more), source, moverProgram: '/nowhere' },
      how,
    );

  it('has the objects in the order of the steps: a layer is cut before the next one is written', async () => {
    const objects = await preview('client');
    expect(objects.map(({ object }) => object.kind)).toEqual([
      'PersistentVolumeClaim',
      'PersistentVolumeClaim',
      'Pod',
      'VolumeSnapshot',
      'Pod',
      'VolumeSnapshot',
      'Pod',
    ]);
    expect(objects.every(({ admission }) => admission === undefined)).toBe(true);
    const [volume, tables, pod] = objects.map(({ object }) => object.metadata.name);
    expect(pod).toBe(volume);
    expect(tables).toBe(`${volume}-tables`);
  });

  it('is admitted by a restricted namespace, and leaves nothing there', async () => {
    const answers = (await preview('server')).map(({ admission }) => admission);
    expect(answers).toEqual(answers.map(() => ({ answer: 'admitted' })));
    expect(answers).toHaveLength(7);
    const left = await kubectl.get<{ items: unknown[] }>('pvc,pods,volumesnapshots,secrets');
    expect(left.items).toEqual([]);
  });

  it('says what is there already', async () => {
    const [{ object } = { object: undefined }] = await preview('client');
    await kubectl.apply(object ?? {});
    const [first] = await preview('server');
    expect(first?.admission).toEqual({ answer: 'exists' });
    await kubectl.run(['delete', 'pvc', object?.metadata.name ?? '']);
  });

  it('repeats what the API server refuses, object by object', async () => {
    const pods = { runtimeClassName: 'no-such-runtime' };
    const answers = await preview('server', { pods });
    for (const { object, admission } of answers) {
      expect(admission).toEqual(
        object.kind === 'Pod'
          ? { answer: 'refused', why: expect.stringContaining('no-such-runtime') }
          : { answer: 'admitted' },
      );
    }
  });
});
