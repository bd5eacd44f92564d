/** What the probe's pods met on the nodes, as checks of their own: the image, and block devices as a user that is not root. */
import { BLOCK_DEVICE_PATH } from '../../targets/kubernetes/layout';
import { ok, type DoctorCheck } from '../check';
import { kubectl, type ClusterContext } from './cluster-check';

export interface ProbedPods {
  /** Of the probe: of classes and of sources. */
  readonly checks: readonly DoctorCheck[];
  /** Names of the checks of classes whose volumes are block devices. */
  readonly ofBlock: ReadonlySet<string>;
}

type Place = Pick<ClusterContext, 'name' | 'options' | 'api'>;

const NO_IMAGE = /pod \S+ (?:cannot get its image|has an image name that is none): [^\n]*/;
/** Node's words when the device belongs to root. */
const DEVICE_REFUSED = new RegExp(`EACCES: permission denied, open '${BLOCK_DEVICE_PATH}'`);

export function podFindings(place: Place, probed: ProbedPods): readonly DoctorCheck[] {
  if (probed.checks.every(({ state }) => state === 'skipped')) return [];
  return [imagePull(place, probed), ...deviceOwnership(place, probed)];
}

function imagePull(place: Place, { checks }: ProbedPods): DoctorCheck {
  const title = `image pull ${place.name}`;
  const refused = firstMatch(checks, NO_IMAGE);
  if (refused !== undefined)
    return {
      name: title,
      state: 'failed',
      found: refused,
      remedy:
        'Set moverImage of the target to where a registry has the image, and pods.imagePullSecrets to a Secret with its login (kubectl create secret docker-registry); or import the image on every node, as docs/targets/kubernetes.md shows.',
      command: `${kubectl(place)} get events --field-selector reason=Failed`,
    };
  const ran = checks.some(({ state }) => state === 'ok') || refusedDevice(checks) !== undefined;
  return ran ? ok(title, 'a node had it or pulled it') : notShown(title);
}

function deviceOwnership(place: Place, { checks, ofBlock }: ProbedPods): readonly DoctorCheck[] {
  const title = `device ownership ${place.name}`;
  const blocks = checks.filter(({ name }) => ofBlock.has(name));
  if (blocks.length === 0) return [];
  const refused = refusedDevice(blocks);
  if (refused !== undefined)
    return [
      {
        name: title,
        state: 'failed',
        found: `a pod that runs as user 107 may not open its block device: ${refused}`,
        remedy:
          'Set device_ownership_from_security_context = true for the container runtime of every node and restart it (containerd 1: plugins."io.containerd.grpc.v1.cri"; containerd 2: plugins."io.containerd.cri.v1.runtime"; CRI-O: crio.runtime; k3s: --nonroot-devices). Or use Filesystem volumes: volumeMode of the target.',
        command: `${kubectl(place)} get nodes -o wide`,
      },
    ];
  return blocks.some(({ state }) => state === 'ok')
    ? [ok(title, 'a pod that runs as user 107 opens its block device')]
    : [notShown(title)];
}

function refusedDevice(checks: readonly DoctorCheck[]): string | undefined {
  return firstMatch(checks, DEVICE_REFUSED);
}

function firstMatch(checks: readonly DoctorCheck[], words: RegExp): string | undefined {
  return checks.flatMap(({ found }) => words.exec(found)?.[0] ?? [])[0];
}

function notShown(name: string): DoctorCheck {
  return {
    name,
    state: 'skipped',
    found: 'not shown: nothing of the probe went well',
    remedy: 'Mend what the probe found, then run it again.',
    command: 'kubectl vm-migrate doctor --probe',
  };
}
