/** doctor: what is wrong, why, and what to do; then every effective value of the configuration. */
import type { DoctorCheck } from '@vm-migrate/engine';
import { doctorChecks } from '../doctor-checks';
import { loadEngine } from '../engine-library';
import { EXIT } from '../exit-codes';
import { doctorText } from '../output/doctor-text';
import { printAnswer } from '../print';
import { printObjects } from '../print-objects';
import type { Session } from '../session';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

export const doctor = defineVerb({
  name: 'doctor',
  group: 'run',
  onThisMachine:
    'it checks the configuration, the database and the clusters that this machine sees',
  summary: 'check database, sources, targets and this machine; show where each setting comes from',
  details: [
    'Exit code 1 when a check failed. Nothing is changed; only --probe makes volumes and pods, and removes them again.',
  ],
  positionals: {},
  options: {
    target: { type: 'string', describe: 'Only this target', names: ['target'] },
    probe: {
      type: 'boolean',
      default: false,
      describe:
        'Prove storage classes now (a small volume is written, cut, restored, compared), and that pods read each source',
    },
    'storage-class': {
      type: 'string',
      array: true,
      describe: 'With --probe: only this class (repeatable)',
      names: ['class'],
    },
    'mover-image': {
      type: 'string',
      describe: 'Check with this image of the mover pods instead of the configured one',
    },
    rbac: {
      type: 'boolean',
      default: false,
      describe: 'Print the rights that a Kubernetes target needs, for: kubectl apply -f -',
    },
    'service-account': {
      type: 'string',
      describe: 'With --rbac: whom they are for (vm-migrate)',
    },
  },
  examples: [
    { command: 'doctor', why: 'cause and remedy of what is wrong' },
    { command: 'doctor -o json', why: 'for monitoring' },
    { command: 'doctor --probe --storage-class fast', why: 'that class shows what it can' },
    { command: 'doctor --rbac -o yaml', why: 'for an administrator, into: kubectl apply -f -' },
  ],
  operations: [],

  async run(args, session) {
    const seeHelp = `See: ${PROGRAM} doctor --help`;
    const { target, probe, storageClass, moverImage, rbac, serviceAccount } = args;
    if (storageClass !== undefined && !probe)
      throw new UsageError('--storage-class goes with --probe', seeHelp);
    if (serviceAccount !== undefined && !rbac)
      throw new UsageError('--service-account goes with --rbac', seeHelp);
    if (rbac && probe) throw new UsageError('--rbac goes without --probe', seeHelp);
    if (rbac) return printRights(session, target, serviceAccount ?? 'vm-migrate');
    const { checks, values } = await doctorChecks(session, {
      ...(target === undefined ? {} : { target }),
      ...(moverImage === undefined ? {} : { moverImage }),
      ...(probe ? { probe: storageClass?.map(String) ?? 'all' } : {}),
    });
    await printAnswer(session.terminal, {
      data: { kind: 'Doctor', checks, values },
      names: () => checks.filter(({ state }) => state !== 'ok').map(({ name }) => `check/${name}`),
      text: () => doctorText(checks, values, session.terminal.style),
    });
    return checks.some(({ state }: DoctorCheck) => state === 'failed') ? EXIT.failed : EXIT.done;
  },
});

/** Needs neither database nor cluster. */
async function printRights(
  session: Session,
  named: string | undefined,
  serviceAccount: string,
): Promise<typeof EXIT.done> {
  const { targetRights } = await loadEngine();
  const { targets } = await session.config();
  const clusters = targets.filter(({ kind }) => kind === 'kubernetes');
  const target =
    clusters.find(({ name, isDefault }) => (named === undefined ? isDefault : name === named)) ??
    (named === undefined && clusters.length === 1 ? clusters[0] : undefined);
  if (target === undefined)
    throw new UsageError(
      named === undefined ? 'no target is the Kubernetes one' : `${named} is no Kubernetes target`,
      clusters.length === 0
        ? 'Name a cluster with --kubeconfig or --context, or configure a target of kind kubernetes.'
        : `Name one with --target: ${clusters.map(({ name }) => name).join(', ')}`,
    );
  await printObjects(session.terminal, await targetRights(target.options, serviceAccount));
  return EXIT.done;
}
