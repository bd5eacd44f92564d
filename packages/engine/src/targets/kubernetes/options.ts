/** How a Kubernetes target is configured, as plain data. docs/targets/kubernetes.md explains each. */
import { z } from 'zod/v3';

const label = z
  .string()
  .regex(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/, 'a DNS label: lower-case letters, digits, "-"');
/** DNS subdomain: names of classes. */
const objectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/, 'the name of an object in the cluster');
const durationMs = z.number().int().min(1).max(86_400_000);

const toleration = z
  .object({
    key: z.string().optional(),
    operator: z.enum(['Exists', 'Equal']).optional(),
    value: z.string().optional(),
    effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
    tolerationSeconds: z.number().int().optional(),
  })
  .strict();

const quantity = z.string().regex(/^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/, 'a quantity like 100m');

/** What is passed through to every pod that we run. The engine builds the rest: restricted, non-root, read-only. */
export const podOptionsSchema = z
  .object({
    nodeSelector: z.record(z.string()).optional(),
    tolerations: z.array(toleration).optional(),
    priorityClassName: objectName.optional(),
    imagePullSecrets: z.array(objectName).optional(),
    imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
    runtimeClassName: objectName.optional(),
    schedulerName: z.string().optional(),
    serviceAccountName: objectName.optional(),
    /** Seconds after which the kubelet ends a pod that nobody ended. Default: 24 hours. */
    activeDeadlineSeconds: z.number().int().min(60).optional(),
    requests: z
      .object({ cpu: quantity.optional(), memory: quantity.optional() })
      .strict()
      .optional(),
    limits: z.object({ cpu: quantity.optional(), memory: quantity.optional() }).strict().optional(),
  })
  .strict();

/** What stands for a deadline that ends in a named failure. */
export const deadlinesSchema = z
  .object({
    /** PVC made to Bound, where the class binds at once. */
    volumeMs: durationMs.default(300_000),
    /** VolumeSnapshot made to readyToUse. Copying drivers need longer. */
    volumeSnapshotMs: durationMs.default(300_000),
    /**
     * Delete asked to gone. After a restore that failed, external-provisioner 6.3 holds a
     * VolumeSnapshot for minutes (1.5 to 4 seen on the test cluster); less than the probe's phase limit.
     */
    removalMs: durationMs.default(540_000),
    /** Pod made to running: scheduling, pulling, mounting. */
    podStartMs: durationMs.default(300_000),
  })
  .strict();

export const kubernetesOptionsSchema = z
  .object({
    /** Absolute path. Absent: $KUBECONFIG, ~/.kube/config, or the pod's own account, as kubectl does. */
    kubeconfig: z.string().min(1).optional(),
    /** Absent: the kubeconfig's current one. */
    context: z.string().min(1).optional(),
    /** Absent: the context's, else `default`. */
    namespace: label.optional(),
    /** Namespaces that this target may be opened on. Absent: only the one above. */
    namespaces: z.array(label).min(1).optional(),
    /** Refused when the cluster is another one: uid of its namespace kube-system. */
    clusterId: z.string().min(1).optional(),
    /** Act as this user, as `kubectl --as` does. */
    as: z.string().min(1).optional(),
    asGroups: z.array(z.string().min(1)).optional(),
    /** Storage classes that may be used. Absent: all. */
    classes: z.array(objectName).min(1).optional(),
    /** Storage class to VolumeSnapshotClass, where the driver's default is not the one. */
    snapshotClass: z.record(objectName).optional(),
    /** Absent: Block where the class can, else Filesystem. */
    volumeMode: z.enum(['Block', 'Filesystem']).optional(),
    /** Absent: as the class's StorageProfile or our table says first. */
    accessMode: z.enum(['ReadWriteOnce', 'ReadWriteMany', 'ReadWriteOncePod']).optional(),
    /** Part of a Filesystem volume that its file system takes for itself. CDI's default too. */
    filesystemOverhead: z.number().min(0).max(0.5).default(0.06),
    /** VolumeSnapshots that one volume may have, by class, where the administrator knows better than our table. */
    maxSnapshots: z.record(z.number().int().min(1)).optional(),
    /**
     * What the next layer waits for after a cut, by class. `creationTime` only of drivers that are
     * known to cut before they answer; of others the class is refused.
     */
    gate: z.record(z.enum(['readyToUse', 'creationTime'])).optional(),
    /** Storage class by source datastore (its name, or the folder as VMware writes it) or storage policy. */
    classMap: z.record(objectName).optional(),
    /** Class of the small volumes with block tables. Absent: the volume's own. */
    tablesClass: objectName.optional(),
    /**
     * `perVolume`: one pod a volume serves its layers in turn and stays attached while the volume is
     * cut. `perLayer`: a pod a layer, gone before each cut. Absent: as our table of drivers says.
     */
    movers: z.enum(['perLayer', 'perVolume']).optional(),
    /** Image of the mover, by digest. Absent: the one that this engine was built with. */
    moverImage: z.string().min(1).optional(),
    pods: podOptionsSchema.default({}),
    deadlines: deadlinesSchema.default({}),
    /** API requests a second, and at once. */
    requestsPerSecond: z.number().positive().default(50),
    requestBurst: z.number().int().positive().default(100),
    requestTimeoutMs: durationMs.default(30_000),
  })
  .strict()
  .superRefine(({ namespace, namespaces }, context) => {
    if (namespaces === undefined || namespace === undefined || namespaces.includes(namespace))
      return;
    context.addIssue({
      code: 'custom',
      path: ['namespace'],
      message: `must be one of namespaces: ${namespaces.join(', ')}`,
    });
  });

export type KubernetesOptions = z.infer<typeof kubernetesOptionsSchema>;
export type PodOptions = z.infer<typeof podOptionsSchema>;
export type Deadlines = z.infer<typeof deadlinesSchema>;
