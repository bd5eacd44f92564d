/** Whether the namespace admits a mover: the pod itself is sent with dryRun=All, so every admission counts, PodSecurity too. */
import { MIB } from '../../bytes';
import { EngineError } from '../../errors';
import { MOVER_PROTOCOL, type PatternOrder } from '../../mover/mover';
import { POD, NAMESPACE } from '../../targets/kubernetes/cluster/resources';
import { BLOCK_DEVICE_PATH, DISK_IMAGE_PATH } from '../../targets/kubernetes/layout';
import { moverImageOf } from '../../targets/kubernetes/open-kubernetes';
import { podFor } from '../../targets/kubernetes/pods/pod-spec';
import { failed, ok, type DoctorCheck } from '../check';
import { kubectl, type ClusterCheck, type ClusterContext } from './cluster-check';

export const checkPodAdmission: ClusterCheck = async context => {
  const title = `mover image ${context.name}`;
  let image: string;
  try {
    image = moverImageOf(context.options, context.moverProgram);
  } catch (error) {
    return [failed(title, error)];
  }
  const imageCheck: DoctorCheck = {
    ...ok(title, image),
    ...(context.options.moverImage === undefined
      ? {
          remedy:
            'Every node has to have it under this name, or set moverImage to where your registry has it.',
        }
      : {}),
  };
  return [imageCheck, await admission(context, image)];
};

async function admission(context: ClusterContext, image: string): Promise<DoctorCheck> {
  const title = `mover pod ${context.name}`;
  const level = await enforcedLevel(context);
  const levelWords = level === undefined ? '' : `; PodSecurity enforces ${level}`;
  const pod = podFor(exampleOrder(context), {
    image,
    options: context.options.pods,
    labels: {},
    secrets: ['vmm-doctor-order'],
  });
  try {
    await context.api.create(POD, pod, { dryRun: true });
    return ok(title, `admitted by namespace ${context.api.namespace}${levelWords}`);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const remedies: Readonly<Partial<Record<typeof error.code, string>>> = {
      CLUSTER_REFUSED:
        'The pod is what PodSecurity "restricted" asks for. Look at the policy, quota or webhook that the message names; options of the target under `pods` change requests, limits, runtime class and account.',
      CLUSTER_FORBIDDEN: 'Grant the right to create pods.',
    };
    return {
      name: title,
      state: 'failed',
      found: `${error.found ?? error.message}${levelWords}`,
      remedy: error.hint ?? remedies[error.code] ?? '',
      command: `${kubectl(context)} get namespace ${context.api.namespace} --show-labels`,
    };
  }
}

/** Only where we may look. */
async function enforcedLevel({ api }: ClusterContext): Promise<string | undefined> {
  try {
    const namespace = await api.get(NAMESPACE, api.namespace);
    return namespace?.metadata.labels?.['pod-security.kubernetes.io/enforce'];
  } catch {
    return undefined;
  }
}

/** Of the mode that most volumes will have. Its volume is never looked for. */
function exampleOrder({ classes }: ClusterContext): PatternOrder {
  const usable = classes.filter(({ described }) => described.snapshots.how !== 'none');
  const chosen = usable.find(({ described }) => described.isDefault) ?? usable[0];
  const isFile = chosen?.modes.volumeMode === 'Filesystem';
  return {
    protocol: MOVER_PROTOCOL,
    runId: 'doctor/admission/0',
    leaseMs: 60_000,
    bytesPerSecond: 0,
    order: 'pattern',
    act: 'write',
    volume: {
      kind: isFile ? 'file' : 'block',
      path: isFile ? DISK_IMAGE_PATH : BLOCK_DEVICE_PATH,
      sizeBytes: MIB,
      name: `vmm-doctor-${process.pid}`,
    },
    seed: 'doctor',
    lengthBytes: MIB,
  };
}
