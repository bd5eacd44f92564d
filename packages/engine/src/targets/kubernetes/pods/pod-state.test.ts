import type { KubeEvent } from '../cluster/cluster-api';
import type { ContainerStatus, Pod } from '../cluster/resources';
import { endOf, podState } from './pod-state';

const receipt = {
  order: 'hash-volume',
  runId: 'm/s/1',
  bytes: { data: 0, zero: 0, written: 0, read: 5 },
  startedAt: '2026-01-01T00:00:00Z',
  finishedAt: '2026-01-01T00:00:01Z',
  durationMs: 1_000,
  moverVersion: '1',
};
const doneLine = JSON.stringify({ type: 'done', receipt });
const failedLine = JSON.stringify({
  type: 'failed',
  error: { code: 'FILE_CHANGED', message: 'changed', retry: 'never' },
});

function pod(status: NonNullable<Pod['status']>, state?: ContainerStatus['state']): Pod {
  return {
    metadata: { name: 'web-0' },
    spec: { nodeName: 'node-1' },
    status: { ...status, ...(state && { containerStatuses: [{ name: 'mover', state }] }) },
  };
}
const ended = (
  terminated: NonNullable<NonNullable<ContainerStatus['state']>['terminated']>,
  status = {},
) => pod({ phase: terminated.exitCode === 0 ? 'Succeeded' : 'Failed', ...status }, { terminated });
const noLog = { last: undefined, words: undefined };

const IMAGE_REMEDY =
  'moverImage of the target names where the nodes pull it from; without a registry, import it on every node';

describe('a pod that does not start', () => {
  it.each([
    [
      'no node takes it',
      pod({
        phase: 'Pending',
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/3 nodes are available',
          },
        ],
      }),
      'no node takes pod web-0: 0/3 nodes are available',
    ],
    [
      'its image cannot be pulled',
      pod(
        { phase: 'Pending' },
        { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling' } },
      ),
      `pod web-0 cannot get its image: ImagePullBackOff: Back-off pulling; ${IMAGE_REMEDY}`,
    ],
    [
      'its image must be there and is not',
      pod(
        { phase: 'Pending' },
        { waiting: { reason: 'ErrImageNeverPull', message: 'not present' } },
      ),
      `pod web-0 cannot get its image: ErrImageNeverPull: not present; ${IMAGE_REMEDY}`,
    ],
    [
      'its container cannot be made',
      pod(
        { phase: 'Pending' },
        { waiting: { reason: 'CreateContainerConfigError', message: 'no such user' } },
      ),
      'the container of pod web-0 cannot be made: CreateContainerConfigError: no such user',
    ],
    [
      'it is just new',
      pod({ phase: 'Pending', startTime: '2026-01-01T00:00:00Z' }),
      'pod web-0 to start',
    ],
    [
      'the kubelet of its node is silent',
      pod({ phase: 'Pending' }),
      'node node-1 to take up pod web-0, of which its kubelet has not spoken',
    ],
  ])('says so: %s', (_, seen, reason) => {
    expect(podState(seen)).toEqual({ state: 'starting', reason, hopeless: false });
  });

  it('tells the last warning where no condition says more', () => {
    const event = (type: KubeEvent['type'], reason: string): KubeEvent => ({
      type,
      reason,
      message: `${reason}\n of a volume`,
      count: 1,
      lastAt: '',
    });
    const seen = pod({ phase: 'Pending' }, { waiting: { reason: 'ContainerCreating' } });
    const events = [event('Warning', 'FailedMount'), event('Normal', 'Pulled')];
    expect(podState(seen, events)).toMatchObject({
      reason: 'pod web-0 to start: FailedMount: FailedMount of a volume',
    });
  });

  it('is hopeless with a name that is none', () => {
    const seen = pod({ phase: 'Pending' }, { waiting: { reason: 'InvalidImageName' } });
    expect(podState(seen)).toMatchObject({ state: 'starting', hopeless: true });
  });
});

describe('a pod that runs', () => {
  const running = { running: { startedAt: '2026-01-01T00:00:00Z' } };

  it('has no trouble while its node says that it is ready', () => {
    const seen = pod(
      { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
      running,
    );
    expect(podState(seen)).toEqual({ state: 'running' });
  });

  it('may be on a node that is not heard of', () => {
    const seen = pod(
      { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] },
      running,
    );
    expect(podState(seen)).toMatchObject({
      state: 'running',
      trouble: expect.stringContaining('node-1'),
    });
  });
});

describe('how a pod ended', () => {
  it('is what its mover left in the termination message', () => {
    expect(endOf(ended({ exitCode: 0, message: doneLine }), noLog)).toEqual({
      state: 'done',
      receipt,
    });
    expect(endOf(ended({ exitCode: 1, message: failedLine }), noLog)).toMatchObject({
      state: 'failed',
      error: { code: 'FILE_CHANGED' },
    });
  });

  it('is what stands last in the log that the kubelet puts there instead', () => {
    const message = `a warning\n${failedLine}\n`;
    expect(endOf(ended({ exitCode: 1, message }), noLog)).toMatchObject({
      error: { code: 'FILE_CHANGED' },
    });
  });

  it('is what the log said where the message is lost', () => {
    const last = { state: 'done', receipt } as never;
    expect(endOf(ended({ exitCode: 0 }), { last, words: undefined })).toMatchObject({
      state: 'done',
    });
  });

  it.each([
    ['OOMKilled', ended({ exitCode: 137, reason: 'OOMKilled' }), /memory.*OOMKilled/],
    [
      'Evicted',
      pod({ phase: 'Failed', reason: 'Evicted', message: 'low on disk' }),
      /Evicted.*low on disk/,
    ],
    [
      'DeadlineExceeded',
      pod({ phase: 'Failed', reason: 'DeadlineExceeded' }),
      /activeDeadlineSeconds/,
    ],
    ['NodeLost', pod({ phase: 'Failed', reason: 'NodeLost' }), /node does not answer/],
    [
      'put out of its node',
      ended(
        { exitCode: 137, reason: 'ContainerStatusUnknown' },
        {
          conditions: [
            {
              type: 'DisruptionTarget',
              status: 'True',
              reason: 'EvictionByEvictionAPI',
              message: 'Eviction API: evicting',
            },
          ],
        },
      ),
      /it was deleted \(EvictionByEvictionAPI: Eviction API: evicting\)/,
    ],
    ['a signal', ended({ exitCode: 139, signal: 11, reason: 'Error' }), /signal 11/],
    [
      'an exit code',
      ended({ exitCode: 1, reason: 'Error', message: 'Error: no koffi' }),
      /exit code 1.*no koffi/,
    ],
  ])('is named when it was %s, and may be tried again', (_, seen, words) => {
    const end = endOf(seen, { last: undefined, words: 'cannot find module' });
    expect(end).toMatchObject({ state: 'failed', error: { code: 'MOVER_FAILED', retry: 'later' } });
    expect(JSON.stringify(end)).toMatch(words);
    expect(JSON.stringify(end)).toContain('cannot find module');
  });

  it('is a kill by memory even when an earlier report is there', () => {
    const end = endOf(ended({ exitCode: 137, reason: 'OOMKilled', message: doneLine }), noLog);
    expect(end).toMatchObject({ state: 'failed' });
  });
});
