/**
 * The bare loop of a pod that stays: the calls that one mover a volume needs for each layer, one after
 * the other, without engine, database and proof. The mark on the volume, the next order as an
 * annotation, the writer's word in its log, "it rests" on the pod, the mark again, and a VolumeSnapshot
 * until it is ready. The writer looks for its next order as often as a mover does.
 */
import type { ClusterApi } from '../../packages/engine/src/targets/kubernetes/cluster/cluster-api';
import {
  type KubeObject,
  PERSISTENT_VOLUME_CLAIM,
  type Pod,
  POD,
  type ResourceKind,
} from '../../packages/engine/src/targets/kubernetes/cluster/resources';
import { podState } from '../../packages/engine/src/targets/kubernetes/pods/pod-state';
import { settledObject } from '../../packages/engine/src/targets/kubernetes/waits';
import { type BareLayer, cutUntilReady, made, PATIENCE_MS, volumeOf, writer } from './bare-loop';
import type { BenchPlace } from './place';

export async function standingLoop(
  { api }: BenchPlace,
  name: string,
  layers: number,
  layerMibs: number,
): Promise<readonly BareLayer[]> {
  let claim = await volumeOf(api, name);
  let pod = await made(api.create(POD, standing(name, layerMibs)));
  const runs = (seen: Pod | undefined) =>
    seen !== undefined && podState(seen).state === 'running' ? true : seen === undefined;
  pod = (await settledObject(api, POD, pod, runs, PATIENCE_MS)) ?? pod;
  const signal = AbortSignal.timeout(PATIENCE_MS * 2);
  const said = api.podLog(name, { follow: true, signal })[Symbol.asyncIterator]();
  const measured: BareLayer[] = [];
  // The first one finds the log open and everything warm, as a volume's second layer does.
  for (let layer = 0; layer <= layers; layer++) {
    const began = performance.now();
    claim = await annotated(api, PERSISTENT_VOLUME_CLAIM, claim, { mark: `writing ${layer}` });
    const given = performance.now();
    pod = await annotated(api, POD, pod, { seed: `layer-${layer}`, rests: null });
    const { value } = await said.next();
    if (value !== `layer-${layer}`) throw new Error(`the writer said ${String(value)}`);
    const podMs = performance.now() - given;
    pod = await annotated(api, POD, pod, { rests: `layer-${layer}` });
    claim = await annotated(api, PERSISTENT_VOLUME_CLAIM, claim, { mark: `holds ${layer}` });
    const cutMs = await cutUntilReady(api, name, layer);
    if (layer > 0) measured.push({ totalMs: performance.now() - began, podMs, cutMs });
  }
  await said.return?.();
  await api.delete(POD, name, { uid: pod.metadata.uid ?? '' });
  return measured;
}

/** On the object as it is now: status and controllers change it meanwhile. */
async function annotated<T extends KubeObject>(
  api: ClusterApi,
  kind: ResourceKind<T>,
  seen: T,
  annotations: Readonly<Record<string, string | null>>,
): Promise<T> {
  const { name = '' } = seen.metadata;
  for (let now: T | undefined = seen; now !== undefined; now = await api.get(kind, name)) {
    const { resourceVersion = '' } = now.metadata;
    const answer = await api.patch(kind, name, { metadata: { annotations } }, { resourceVersion });
    if (answer !== 'conflict' && answer !== 'gone') return answer;
  }
  throw new Error(`${kind.kind} ${name} is gone`);
}

function standing(name: string, mibs: number): Pod {
  const pod = writer(name, ['serve', '/dev/disk', '/control/annotations', String(mibs)]);
  const { containers, volumes } = pod.spec as {
    containers: { volumeMounts?: object[] }[];
    volumes: object[];
  };
  containers[0]!.volumeMounts = [{ name: 'control', mountPath: '/control', readOnly: true }];
  volumes.push({
    name: 'control',
    downwardAPI: {
      defaultMode: 0o444,
      items: [{ path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } }],
    },
  });
  return pod;
}
