import type { Kubectl } from './kubectl';

/** A folder of this machine as a read-only PVC, which a restricted pod may mount: the node is this machine. */
export async function serveFolder(kubectl: Kubectl, claim: string, folder: string): Promise<void> {
  const volume = `${kubectl.namespace}-${claim}`;
  const spec = { accessModes: ['ReadOnlyMany'], storageClassName: 'none' };
  const storage = '1Gi';
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volume },
    spec: {
      ...spec,
      capacity: { storage },
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: folder },
    },
  });
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: claim },
    spec: { ...spec, volumeName: volume, resources: { requests: { storage } } },
  });
}
