/**
 * The pod that carries out one order. It passes PodSecurity "restricted", holds no credentials of
 * the API, and is named after its volume, so that the API server admits one at a time.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';

import { EngineError } from '../../../errors';
import type { MoverOrder, VolumeAddress } from '../../../mover/mover';
import type { Pod } from '../cluster/resources';
import { ANNOTATION, checkedName, LABEL, labelValue, OURS } from '../layout';
import type { PodOptions } from '../options';
import { fileGroup, RESTRICTED_CONTAINER, restrictedPod } from '../restricted';
import { workAnnotations } from './same-work';
import { CREDENTIALS_FILE } from './source-credentials';
import { sourceMount } from './source-mount';
import { sourceServerLabel } from './source-server';

/** qemu's and CDI's user, so that a VM can be started from what we wrote. */
const USER = 107;
export const ORDER_FOLDER = '/order';
const CONTROL_FOLDER = '/control';
const DAY_SECONDS = 24 * 3600;
/** A window in hand is finished in this time when a node is drained. */
const GRACE_SECONDS = 60;

/** A mover that may get further orders waits so long for each; then it ends, and the next one is a pod of its own. */
const REST_MS = 120_000;

export const CONTAINER = 'mover';
/** Finds mover pods, for watches and for a NetworkPolicy. */
export const MOVER_LABELS: Readonly<Record<string, string>> = {
  ...OURS,
  'app.kubernetes.io/component': 'mover',
};
/** Key of an order's part in its Secret. */
export const ORDER_KEY = 'order';

export interface PodFacts {
  readonly image: string;
  readonly options: PodOptions;
  /** Labels of the volume's PVC: whose it is. */
  readonly labels: Readonly<Record<string, string>>;
  /** Secrets with the order's parts, in order. */
  readonly secrets: readonly string[];
  /** The first Secret holds credentials of the source too. */
  readonly hasCredentials?: boolean;
  /** Further ones of the mover's program. */
  readonly programArguments?: readonly string[];
  /** PVC with the block tables, where the order needs one. */
  readonly tables?: { readonly claim: string; readonly readOnly: boolean };
}

/** Name of an order's pod: its volume's, or one of its own when it touches none. */
export function podName(order: MoverOrder): string {
  if (order.order === 'hash-chain')
    return `vmm-chain-${createHash('sha256').update(order.runId).digest('hex').slice(0, 16)}`;
  const { name } = order.volume;
  if (name !== undefined) return checkedName(name);
  throw new EngineError('INTERNAL', {
    where: { object: order.runId },
    expected: 'an order with the name of its volume',
    found: `only ${order.volume.path}`,
  });
}

/** Of an order whose source pods can reach, or that is pushed. */
export function podFor(order: MoverOrder, facts: PodFacts): Pod {
  const { options, labels, image } = facts;
  const mounts = mountsOf(order, facts);
  const server = sourceServerLabel(order);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName(order),
      labels: {
        [LABEL.migration]: labelValue(order.runId.split('/')[0] ?? ''),
        ...labels,
        ...MOVER_LABELS,
        ...(server === undefined ? {} : { [LABEL.sourceServer]: server }),
      },
      annotations: {
        [ANNOTATION.run]: order.runId,
        [ANNOTATION.bytesPerSecond]: String(Math.floor(order.bytesPerSecond)),
        ...(order.order === 'apply' ? { [ANNOTATION.fence]: String(order.fence) } : {}),
        ...workAnnotations(order, image),
      },
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      activeDeadlineSeconds: options.activeDeadlineSeconds ?? DAY_SECONDS,
      ...placement(options),
      securityContext: {
        ...restrictedPod(USER),
        // On a bare device a group would mean nothing.
        ...(mounts.hasGroup ? fileGroup(USER) : {}),
      },
      containers: [
        {
          name: CONTAINER,
          image,
          imagePullPolicy: options.imagePullPolicy ?? 'IfNotPresent',
          args: [
            '--order-file',
            `${ORDER_FOLDER}/order.json`,
            '--control-file',
            `${CONTROL_FOLDER}/annotations`,
            '--result-file',
            '/dev/termination-log',
            ...(rests(order) ? ['--rest-ms', String(REST_MS)] : []),
            ...(facts.programArguments ?? []),
          ],
          terminationMessagePolicy: 'FallbackToLogsOnError',
          securityContext: RESTRICTED_CONTAINER,
          resources: {
            requests: { cpu: '100m', memory: '128Mi', ...options.requests },
            limits: { memory: '256Mi', ...options.limits },
          },
          volumeDevices: mounts.devices,
          volumeMounts: mounts.mounts,
        },
      ],
      volumes: mounts.volumes,
    },
  };
}

function rests(order: MoverOrder): boolean {
  return order.order === 'apply' && order.afterwards === 'rest';
}

function placement(options: PodOptions): Readonly<Record<string, unknown>> {
  const { nodeSelector, tolerations, priorityClassName, runtimeClassName } = options;
  const { schedulerName, serviceAccountName, imagePullSecrets } = options;
  return {
    ...(nodeSelector && { nodeSelector }),
    ...(tolerations && { tolerations }),
    ...(priorityClassName !== undefined && { priorityClassName }),
    ...(runtimeClassName !== undefined && { runtimeClassName }),
    ...(schedulerName !== undefined && { schedulerName }),
    ...(serviceAccountName !== undefined && { serviceAccountName }),
    ...(imagePullSecrets && { imagePullSecrets: imagePullSecrets.map(name => ({ name })) }),
  };
}

interface Mounts {
  readonly volumes: Readonly<Record<string, unknown>>[];
  readonly mounts: Readonly<Record<string, unknown>>[];
  readonly devices: Readonly<Record<string, unknown>>[];
  hasGroup: boolean;
}

function mountsOf(order: MoverOrder, facts: PodFacts): Mounts {
  const found: Mounts = {
    volumes: [orderVolume(facts), CONTROL_VOLUME],
    mounts: [
      { name: 'order', mountPath: ORDER_FOLDER, readOnly: true },
      { name: 'control', mountPath: CONTROL_FOLDER, readOnly: true },
    ],
    devices: [],
    hasGroup: false,
  };
  if (order.order !== 'hash-chain') addVolume(found, order.volume, isReader(order));
  const tablesPath = tablesPathOf(order);
  if (tablesPath !== undefined && facts.tables !== undefined) {
    const { claim, readOnly } = facts.tables;
    found.volumes.push({ name: 'tables', persistentVolumeClaim: { claimName: claim } });
    found.mounts.push({ name: 'tables', mountPath: tablesPath, readOnly });
    found.hasGroup = true;
  }
  const source = sourceMount(order);
  if (source !== undefined) {
    found.volumes.push(source.volume);
    found.mounts.push(source.mount);
    found.hasGroup ||= source.hasGroup;
  }
  return found;
}

function addVolume(found: Mounts, address: VolumeAddress, readOnly: boolean): void {
  found.volumes.push({ name: 'volume', persistentVolumeClaim: { claimName: address.name } });
  if (address.kind === 'block') {
    found.devices.push({ name: 'volume', devicePath: address.path });
    return;
  }
  found.mounts.push({ name: 'volume', mountPath: path.posix.dirname(address.path), readOnly });
  found.hasGroup = true;
}

function isReader(order: MoverOrder): boolean {
  return order.order === 'hash-volume' || (order.order === 'pattern' && order.act === 'compare');
}

/** Folder of the tables that an order names; `undefined`: it names none. */
export function tablesPathOf(order: MoverOrder): string | undefined {
  const file =
    order.order === 'apply'
      ? order.proof?.table
      : order.order === 'hash-volume'
        ? (order.table ?? order.sample?.table)
        : undefined;
  return file === undefined ? undefined : path.posix.dirname(file);
}

/** Readable by everyone in the pod: without fsGroup the files belong to root. */
const READABLE = 0o444;

function orderVolume({ secrets, hasCredentials }: PodFacts): Readonly<Record<string, unknown>> {
  const sources = secrets.map((name, part) => ({
    secret: {
      name,
      items: [
        { key: ORDER_KEY, path: part === 0 ? 'order.json' : `order.json.${part}` },
        ...(part === 0 && hasCredentials === true
          ? [{ key: CREDENTIALS_FILE, path: CREDENTIALS_FILE }]
          : []),
      ],
    },
  }));
  return { name: 'order', projected: { defaultMode: READABLE, sources } };
}

const CONTROL_VOLUME = {
  name: 'control',
  downwardAPI: {
    defaultMode: READABLE,
    items: [{ path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } }],
  },
};
