/** What a pod's status says, in words for people and as a decision: wait, go on, or it has ended. */
import { EngineError, type ErrorData } from '../../../errors';
import type { Receipt } from '../../../mover/mover';
import { parseReport } from '../../../mover/parse-report';
import type { KubeEvent } from '../cluster/cluster-api';
import type { ContainerStatus, Pod } from '../cluster/resources';
import { CONTAINER } from './pod-spec';

export type PodState =
  /** Not running yet, and why. `hopeless`: no waiting will help. */
  | { readonly state: 'starting'; readonly reason: string; readonly hopeless: boolean }
  /** `trouble`: it may not be running any more, but nobody can know. */
  | { readonly state: 'running'; readonly trouble?: string }
  | { readonly state: 'ended' };

export type PodEnd =
  | { readonly state: 'done'; readonly receipt: Receipt }
  | { readonly state: 'failed'; readonly error: ErrorData };

/** `events`: of this pod, oldest first; they tell what no condition tells (volumes that do not mount). */
export function podState(pod: Pod, events: readonly KubeEvent[] = []): PodState {
  const phase = pod.status?.phase ?? 'Pending';
  if (phase === 'Succeeded' || phase === 'Failed') return { state: 'ended' };
  const container = moverIn(pod);
  // The container is gone before the pod's phase says so: nobody writes any more.
  if (container?.state?.terminated !== undefined) return { state: 'ended' };
  if (container?.state?.running !== undefined) return { state: 'running', ...troubleOf(pod) };
  return startingState(pod, container, events);
}

/** A cluster may add containers of its own, a mesh's proxy for one. */
function moverIn({ status }: Pod): ContainerStatus | undefined {
  return status?.containerStatuses?.find(({ name }) => name === CONTAINER);
}

/** Our container has no readiness probe: it is not ready only when its node is not heard of, or while the pod is being deleted. */
function troubleOf(pod: Pod): { readonly trouble?: string } {
  const ready = pod.status?.conditions?.find(one => one.type === 'Ready');
  const name = pod.metadata.name ?? '?';
  const node = String(pod.spec['nodeName'] ?? '?');
  if (ready?.status === 'False' && ready.reason === undefined)
    return {
      trouble: `node ${node} of pod ${name}, which is not heard of: until it is back or known to be down, nobody else may write`,
    };
  if (pod.metadata.deletionTimestamp !== undefined)
    return { trouble: `pod ${name}, which is being deleted, to finish its window` };
  return {};
}

const IMAGE_REMEDY =
  'moverImage of the target names where the nodes pull it from; without a registry, import it on every node';

function startingState(
  pod: Pod,
  container: ContainerStatus | undefined,
  events: readonly KubeEvent[],
): PodState {
  const waiting = container?.state?.waiting;
  const name = pod.metadata.name ?? '?';
  const reason = (words: string, hopeless = false): PodState => ({
    state: 'starting',
    reason: words,
    hopeless,
  });
  const scheduled = pod.status?.conditions?.find(one => one.type === 'PodScheduled');
  if (scheduled?.status === 'False')
    return reason(`no node takes pod ${name}: ${scheduled.message ?? scheduled.reason ?? ''}`);
  switch (waiting?.reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'ErrImageNeverPull':
    case 'ImageInspectError':
    case 'RegistryUnavailable':
      return reason(`pod ${name} cannot get its image: ${words(waiting)}; ${IMAGE_REMEDY}`);
    case 'InvalidImageName':
      return reason(`pod ${name} has an image name that is none: ${words(waiting)}`, true);
    case 'CreateContainerConfigError':
    case 'CreateContainerError':
    case 'RunContainerError':
      return reason(`the container of pod ${name} cannot be made: ${words(waiting)}`);
    default: {
      const trouble = events.filter(event => event.type === 'Warning').at(-1);
      if (trouble !== undefined)
        return reason(`pod ${name} to start: ${trouble.reason}: ${oneLine(trouble.message)}`);
      // The kubelet's first word is the pod's start time; of a node that is down it does not come.
      const node = pod.spec['nodeName'];
      if (typeof node === 'string' && pod.status?.startTime === undefined)
        return reason(`node ${node} to take up pod ${name}, of which its kubelet has not spoken`);
      return reason(`pod ${name} to start`);
    }
  }
}

function words({
  reason,
  message,
}: {
  readonly reason?: string;
  readonly message?: string;
}): string {
  return oneLine([reason, message].filter(Boolean).join(': '));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 500);
}

/**
 * How an ended pod ended: from the termination message, where the mover left its last report, else
 * from its log, else from what the kubelet says.
 */
export function endOf(
  pod: Pod,
  log: { readonly last: PodEnd | undefined; readonly words: string | undefined },
): PodEnd {
  const terminated = moverIn(pod)?.state?.terminated;
  const said = lastReport(terminated?.message) ?? log.last;
  // What the mover says of itself counts, unless it was killed after it had said it.
  if (said !== undefined && terminated?.reason !== 'OOMKilled') return said;
  return { state: 'failed', error: podFailure(pod, log.words).toJSON() };
}

/** The report in a termination message, which may instead be the end of a log. */
export function lastReport(message: string | undefined): PodEnd | undefined {
  if (message === undefined) return undefined;
  for (const line of message.trim().split('\n').reverse()) {
    if (!line.startsWith('{')) continue;
    try {
      const report = parseReport(line);
      if (report.type === 'done') return { state: 'done', receipt: report.receipt };
      if (report.type === 'failed') return { state: 'failed', error: report.error };
    } catch {
      // A line of something else.
    }
  }
  return undefined;
}

/** Why a pod ended without its mover having said how. `lastWords`: what it printed that was no report. */
export function podFailure(pod: Pod, lastWords?: string): EngineError {
  const name = pod.metadata.name ?? '?';
  const { reason, message } = pod.status ?? {};
  const terminated = moverIn(pod)?.state?.terminated;
  const failed = (found: string, hint?: string) =>
    new EngineError('MOVER_FAILED', {
      where: { object: `pod ${name}` },
      found: oneLine(lastWords ? `${found}; its last words: ${lastWords}` : found),
      hint,
      retry: 'later',
    });
  if (terminated?.reason === 'OOMKilled')
    return failed(
      'it used more memory than its limit and was killed (OOMKilled)',
      'Raise `pods.limits.memory` of the target if it happens again.',
    );
  if (reason === 'Evicted')
    return failed(
      `its node put it out (Evicted): ${message ?? ''}`,
      'The node was short of something. It is tried again by itself; `pods.priorityClassName` of the target makes it less likely.',
    );
  // Deleted or put out before it could say anything, perhaps before it ran.
  if (disruptionOf(pod) !== undefined || pod.metadata.deletionTimestamp !== undefined)
    return podGone(name, pod, lastWords);
  if (reason === 'DeadlineExceeded')
    return failed(
      'it ran longer than activeDeadlineSeconds',
      'It goes on from the last proved window; raise `pods.activeDeadlineSeconds` of the target for slow sources.',
    );
  if (reason === 'NodeLost' || pod.status?.phase === 'Unknown')
    return failed('its node does not answer any more');
  if (terminated !== undefined) {
    const how =
      terminated.signal === undefined || terminated.signal === 0
        ? `exit code ${terminated.exitCode}`
        : `signal ${terminated.signal}`;
    return failed([how, terminated.reason, terminated.message].filter(Boolean).join(', '));
  }
  return failed(
    [reason, message].filter(Boolean).join(': ') || `phase ${pod.status?.phase ?? 'none'}`,
  );
}

/** The pod went away while it was followed. @param seen as it was last seen: an eviction leaves a condition */
export function podGone(name: string, seen: Pod | undefined, lastWords?: string): EngineError {
  const disruption = seen === undefined ? undefined : disruptionOf(seen);
  const found = disruption === undefined ? 'it was deleted' : `it was deleted (${disruption})`;
  return new EngineError('MOVER_FAILED', {
    where: { object: `pod ${name}` },
    found: lastWords ? `${found}; its last words: ${lastWords}` : found,
    hint: 'Somebody or a drained node removed it. It is tried again by itself, from the last proved window.',
    retry: 'later',
  });
}

/** What an eviction, a taint or a more important pod leaves behind in what it puts out. */
function disruptionOf({ status }: Pod): string | undefined {
  const found = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  if (found?.status !== 'True') return undefined;
  return oneLine([found.reason, found.message].filter(Boolean).join(': '));
}
