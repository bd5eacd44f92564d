/** `doctor --probe` of a Kubernetes target: pods read the sources, classes are proved, and what the pods met is told. */
import type { Database } from '../../store/database';
import type { PlaceRow } from '../../store/store';
import { readClasses } from '../../targets/kubernetes/classes';
import { clusterApiOf, openKubernetes } from '../../targets/kubernetes/open-kubernetes';
import type { KubernetesOptions } from '../../targets/kubernetes/options';
import { failed, type DoctorCheck, type DoctorOptions } from '../check';
import { probeClasses, probeTitle } from '../probe-classes';
import { podFindings } from './pod-findings';
import { probeSources } from './source-from-pods';

export interface ClusterProbe {
  readonly moverProgram: string;
  readonly database: Database | undefined;
  readonly classes: NonNullable<DoctorOptions['probe']>;
  /** Those that this machine reads. */
  readonly sources: readonly PlaceRow[];
}

export async function probeCluster(
  { name, options }: { readonly name: string; readonly options: KubernetesOptions },
  { moverProgram, database, classes: chosen, sources }: ClusterProbe,
): Promise<readonly DoctorCheck[]> {
  const target = openKubernetes(name, options, moverProgram);
  const api = clusterApiOf(options);
  try {
    const { classes } = await target.capabilities();
    const blockClasses = (await readClasses(api, options)).filter(
      ({ modes }) => modes.volumeMode === 'Block',
    );
    const ofBlock = new Set(blockClasses.map(one => probeTitle(target, one.name)));
    const checks = [
      ...(await probeSources(sources, { name, mover: target.mover(), api, moverProgram })),
      ...(await probeClasses(target, classes, chosen, database)),
    ];
    return [...checks, ...podFindings({ name, options, api }, { checks, ofBlock })];
  } catch (error) {
    return [failed(`probe ${name}`, error)];
  } finally {
    api.close();
    await target.close();
  }
}
