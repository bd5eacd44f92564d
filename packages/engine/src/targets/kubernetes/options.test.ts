import { EngineError } from '../../errors';
import type { Mover } from '../../mover/mover';
import { openTarget } from '../open-target';
import { KubernetesTarget } from './kubernetes-target';

const open = (options: object) =>
  openTarget({ name: 'prod', kind: 'kubernetes', ...options }, { mover: {} as Mover });

function errorOf(options: object): string {
  try {
    open(options);
  } catch (error) {
    if (error instanceof EngineError) return `${error.code} ${error.message}`;
  }
  return 'no error';
}

it('opens without a kubeconfig at hand: nothing is touched before the first call', () => {
  expect(open({ kubeconfig: '/nowhere', namespace: 'vms' })).toBeInstanceOf(KubernetesTarget);
});

it('is opened once for the same options, so that operations share its connection', () => {
  const options = { kubeconfig: '/nowhere', context: 'one' };
  expect(open(options)).toBe(open({ ...options }));
  expect(open(options)).not.toBe(open({ ...options, context: 'two' }));
});

it.each<[string, object]>([
  ['namespace', { namespace: 'Not_A_Label' }],
  ['namespace', { namespace: 'a', namespaces: ['b'] }],
  ['volumeMode', { volumeMode: 'block' }],
  ['filesystemOverhead', { filesystemOverhead: 0.9 }],
  ['deadlines.volumeMs', { deadlines: { volumeMs: 0 } }],
  ['pods.tolerations.0', { pods: { tolerations: [{ effect: 'Never' }] } }],
  ['pods', { pods: { hostNetwork: true } }],
  ['token', { token: 'secret' }],
])('refuses a wrong %s by name: %j', (field, options) => {
  expect(errorOf(options)).toMatch(/^CONFIG_INVALID .*prod/);
  expect(errorOf(options)).toContain(field);
});
