/** How a pod comes to the VM's files: a folder of the source is mounted, read-only, where the source says it is. */
import { EngineError } from '../../../errors';
import type { ApplyOrder, MoverOrder } from '../../../mover/mover';

type FolderInPods = NonNullable<Extract<ApplyOrder['source'], { kind: 'vm-directory' }>['pods']>;

export interface SourceMount {
  readonly volume: Readonly<Record<string, unknown>>;
  readonly mount: Readonly<Record<string, unknown>>;
  /** Whether the volume's files belong to whoever the pod says (fsGroup). */
  readonly hasGroup: boolean;
}

const NAME = 'source';

/** `undefined`: the order reads no source, or one that needs no mount. */
export function sourceMount(order: MoverOrder): SourceMount | undefined {
  if (order.order !== 'apply' && order.order !== 'hash-chain') return undefined;
  const { source } = order;
  if (source.kind !== 'vm-directory') return undefined;
  const { pods } = source;
  const mountPath = source.roots[0] ?? source.folder;
  if (pods === undefined)
    throw new EngineError('INTERNAL', {
      where: { object: `source folder ${mountPath}` },
      expected: 'a folder that pods can reach',
      found: 'one that only this machine has, which is pushed',
    });
  return {
    volume: { name: NAME, ...volumeOf(pods) },
    mount: {
      name: NAME,
      mountPath,
      readOnly: true,
      ...('path' in pods && pods.path !== undefined ? { subPath: pods.path } : {}),
    },
    hasGroup: 'persistentVolumeClaim' in pods,
  };
}

function volumeOf(pods: FolderInPods): Readonly<Record<string, unknown>> {
  if ('persistentVolumeClaim' in pods)
    return { persistentVolumeClaim: { claimName: pods.persistentVolumeClaim } };
  if ('nfs' in pods) return { nfs: { ...pods.nfs, readOnly: true } };
  return { hostPath: { path: pods.hostPath, type: 'Directory' } };
}
