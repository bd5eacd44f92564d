/** worker deploy: a worker that runs in the cluster, printed or applied. */
import type { AppliedObject, ConfiguredTarget, WorkerDeploymentPlan } from '@vm-migrate/engine';
import path from 'node:path';
import { clusterWords } from '../cluster-flags';
import { DEPLOY_OPTIONS, deployChoices } from '../deploy-options';
import { loadEngine } from '../engine-library';
import { EXIT } from '../exit-codes';
import { printAnswer } from '../print';
import { printObjects } from '../print-objects';
import type { Session } from '../session';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

export const workerDeploy = defineVerb({
  name: 'worker deploy',
  group: 'run',
  onThisMachine: 'it applies the configuration of this machine, by its way to the cluster',
  summary: 'print or apply a worker that runs in the cluster',
  details: [
    'Into the namespace of a Kubernetes target, with an account of its own that has the rights of `doctor --rbac`. It serves',
    'the sources of the configuration that pods reach, and this target, also for migrations that are started elsewhere.',
    'Nothing is changed without --apply. What is applied is put into the fields of vm-migrate-deploy (server-side apply),',
    'so it can be repeated, with another configuration or version too.',
  ],
  positionals: {},
  options: DEPLOY_OPTIONS,
  examples: [
    {
      command: 'worker deploy -n vms --database-secret vm-migrate-database/url',
      why: 'look at it, or: ... | kubectl apply --server-side -f -',
    },
    { command: 'worker deploy -n vms --postgres --apply', why: 'with a small database' },
    {
      command: 'worker deploy -n vms --postgres --apply --dry-run=server',
      why: 'what the cluster says to it',
    },
  ],
  operations: [],

  async run(args, session) {
    const choices = deployChoices(args, path.join(path.dirname(session.program), 'cli.cjs'));
    const { planWorkerDeployment } = await loadEngine();
    const config = await session.config();
    const target = chosenTarget(config.targets, args.target);
    const plan = await planWorkerDeployment(config, target, choices);
    for (const note of plan.notes) session.terminal.say(`note: ${note}`);
    const dryRun = args.dryRun === 'server';
    if (dryRun && !args.apply)
      throw new UsageError(
        '--dry-run goes with --apply',
        `As in: ${PROGRAM} worker deploy --apply --dry-run=server`,
      );
    if (!args.apply) return print(session, plan);
    return apply(session, plan, { dryRun, force: args.forceConflicts });
  },
});

async function print(session: Session, plan: WorkerDeploymentPlan): Promise<typeof EXIT.done> {
  const { objects, hasOwnSecret, namespace } = plan;
  const comments = objects.map(({ why }, index) =>
    why === objects[index - 1]?.why ? undefined : why,
  );
  if (hasOwnSecret) session.terminal.say(secretWords(namespace));
  await printObjects(
    session.terminal,
    objects.map(({ object }) => object),
    comments,
  );
  return EXIT.done;
}

/** What is printed holds no password; whoever applies it by other means makes the Secret himself. */
function secretWords(namespace: string): string {
  const url = `postgres://vm_migrate:$PASSWORD@vm-migrate-postgres.${namespace}.svc:5432/vm_migrate`;
  return [
    'note: the Secret vm-migrate-postgres is not printed; --apply makes it. By hand, before the rest:',
    `  PASSWORD=$(openssl rand -hex 24); kubectl create secret generic vm-migrate-postgres -n ${namespace} \\`,
    `    --from-literal=password="$PASSWORD" --from-literal=url="${url}"`,
  ].join('\n');
}

async function apply(
  session: Session,
  plan: WorkerDeploymentPlan,
  how: { readonly dryRun: boolean; readonly force: boolean },
): Promise<typeof EXIT.done> {
  const { terminal, globals } = session;
  const done: AppliedObject[] = [];
  try {
    for await (const applied of plan.apply(how)) {
      done.push(applied);
      if (terminal.format === 'table') terminal.print(lineOf(applied, how.dryRun));
    }
  } catch (error) {
    if (error instanceof Error && /\bConflict\b/.test(error.message))
      terminal.say('note: --force-conflicts takes over the fields that somebody else has set');
    throw error;
  }
  if (terminal.format !== 'table')
    await printAnswer(terminal, {
      data: { kind: 'Deployed', namespace: plan.namespace, objects: done },
      names: () => done.map(({ kind, name }) => `${kind.toLowerCase()}/${name}`),
      text: () => done.map(applied => lineOf(applied, how.dryRun)).join('\n'),
    });
  if (!how.dryRun) terminal.say(nextWords(plan, clusterWords(globals).join(' ')));
  return EXIT.done;
}

function lineOf({ kind, name, done }: AppliedObject, dryRun: boolean): string {
  return `${kind.toLowerCase()}/${name} ${done}${dryRun ? ' (server dry run)' : ''}`;
}

function nextWords(
  { namespace, hasOwnSecret, objects }: WorkerDeploymentPlan,
  flags: string,
): string {
  const worker = '-l app.kubernetes.io/instance=vm-migrate-worker';
  // By name: other namespaces may have workers of their own.
  const wide = objects.find(({ object }) => object.kind === 'ClusterRole')?.object.metadata.name;
  const database = hasOwnSecret
    ? [
        `  kubectl port-forward -n ${namespace} service/vm-migrate-postgres 5432   # then commands work on this database: docs/operations.md`,
      ]
    : [];
  return [
    'Next:',
    `  kubectl rollout status -n ${namespace} deployment/vm-migrate-worker`,
    `  ${PROGRAM} get workers ${flags}`.trimEnd(),
    ...database,
    'To remove it (migrations, volumes and the database stay):',
    `  kubectl delete -n ${namespace} deployment,service,configmap,networkpolicy,poddisruptionbudget,rolebinding,role,serviceaccount ${worker}`,
    `  kubectl delete clusterrolebinding,clusterrole ${wide ?? ''}`,
  ].join('\n');
}

function chosenTarget(
  targets: readonly ConfiguredTarget[],
  named: string | undefined,
): ConfiguredTarget {
  const clusters = targets.filter(({ kind }) => kind === 'kubernetes');
  const target =
    clusters.find(({ name, isDefault }) => (named === undefined ? isDefault : name === named)) ??
    (named === undefined && clusters.length === 1 ? clusters[0] : undefined);
  if (target !== undefined) return target;
  throw new UsageError(
    named === undefined ? 'no target is the Kubernetes one' : `${named} is no Kubernetes target`,
    clusters.length === 0
      ? 'Name a cluster with --kubeconfig or --context, or configure a target of kind kubernetes.'
      : `Name one with --target: ${clusters.map(({ name }) => name).join(', ')}`,
  );
}
