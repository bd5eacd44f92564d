/** Words of the checks that are read off a probe; the words of the probe are those of real clusters. */
import { kubernetesOptionsSchema } from '../../targets/kubernetes/options';
import { failed, ok, type DoctorCheck } from '../check';
import type { ClusterContext } from './cluster-check';
import { podFindings } from './pod-findings';

/** Of the test cluster, with device_ownership_from_security_context = false. */
const REFUSED =
  "The storage class says that it can take snapshots, but the probe showed otherwise. Where: fast. Expected: writing a pattern (phase write) to work. Found: The target failed to read or write. Where: /dev/vm-migrate. Found: EACCES: permission denied, open '/dev/vm-migrate'..";
const NO_IMAGE =
  'The probe showed otherwise. Found: still waiting for pod probe-1 cannot get its image: ErrImagePull: pull access denied';

describe('what pods of the probe met', () => {
  const place = {
    name: 'prod',
    options: kubernetesOptionsSchema.parse({}),
    api: { namespace: 'vms' } as ClusterContext['api'],
  };
  const probe = (found: string): DoctorCheck => ({ ...failed('probe prod/fast', found), found });
  const findings = (checks: readonly DoctorCheck[], block = true) =>
    podFindings(place, { checks, ofBlock: new Set(block ? ['probe prod/fast'] : []) });
  const states = (checks: readonly DoctorCheck[]) =>
    checks.map(({ name, state }) => `${name}: ${state}`);

  it('a device that belongs to root is named, with the setting of the runtime', () => {
    const [image, device] = findings([probe(REFUSED)]);
    expect(image).toMatchObject({ name: 'image pull prod', state: 'ok' });
    expect(device).toMatchObject({
      name: 'device ownership prod',
      state: 'failed',
      found: expect.stringContaining('user 107 may not open its block device: EACCES'),
      remedy: expect.stringContaining('device_ownership_from_security_context = true'),
      command: 'kubectl -n vms get nodes -o wide',
    });
  });

  it('an image that no node gets is named, with the pull secret', () => {
    const [image, device] = findings([probe(NO_IMAGE)]);
    expect(image).toMatchObject({
      state: 'failed',
      found: 'pod probe-1 cannot get its image: ErrImagePull: pull access denied',
      remedy: expect.stringContaining('pods.imagePullSecrets'),
      command: 'kubectl -n vms get events --field-selector reason=Failed',
    });
    expect(device).toMatchObject({ name: 'device ownership prod', state: 'skipped' });
  });

  it('says ok only of what was seen', () => {
    expect(states(findings([ok('probe prod/fast', 'proved')]))).toEqual([
      'image pull prod: ok',
      'device ownership prod: ok',
    ]);
    expect(states(findings([probe('the driver refuses')]))).toEqual([
      'image pull prod: skipped',
      'device ownership prod: skipped',
    ]);
    expect(states(findings([ok('probe prod/fast', 'proved')], false))).toEqual([
      'image pull prod: ok',
    ]);
    expect(findings([])).toEqual([]);
  });
});
