/**
 * Looks at a source as a user who may not read everything: root drops to an account without rights
 * first. The one argument is an UnreadableInput as JSON; prints an UnreadableAnswer.
 */
import { openEngine } from '../../packages/engine/src/engine';
import { toEngineError } from '../../packages/engine/src/errors';

export interface UnreadableInput {
  readonly databaseUrl: string;
  readonly moverProgram: string;
  readonly sourceFolder: string;
  readonly classFolder: string;
}

export interface UnreadableAnswer {
  readonly uid: number | undefined;
  /** Error of the source as a whole. */
  readonly source: { readonly vms: number | null; readonly error: string | undefined };
  readonly vms: readonly LookedAt[];
  /** What a plan of `lab/whole` says: the code of its error. */
  readonly whole: string;
}

export interface LookedAt {
  readonly name: string;
  readonly location: string;
  readonly error: string | null;
  /** Of its plan: findings that block or warn, and kept snapshots, or why there is none. */
  readonly plan:
    | { readonly findings: readonly string[]; readonly kept: readonly string[] }
    | { readonly code: string; readonly message: string };
}

/** Nobody, on every Linux. */
const UNPRIVILEGED = 65_534;

async function main(input: UnreadableInput): Promise<UnreadableAnswer> {
  // Once with all rights, so that everything is loaded from wherever the checkout lies.
  await look(input);
  if (process.getuid?.() === 0) {
    process.setgroups?.([]);
    process.setgid?.(UNPRIVILEGED);
    process.setuid?.(UNPRIVILEGED);
  }
  return look(input);
}

async function look({
  databaseUrl,
  moverProgram,
  sourceFolder,
  classFolder,
}: UnreadableInput): Promise<UnreadableAnswer> {
  const engine = await openEngine({
    databaseUrl,
    databaseName: 'test',
    applicationName: 'vm-migrate test',
    sources: [{ name: 'lab', kind: 'vm-directory', options: { folder: sourceFolder } }],
    targets: [
      {
        name: 'local',
        kind: 'local-directory',
        options: { classes: { fast: { path: classFolder, snapshots: 'copy', default: true } } },
        isDefault: true,
      },
    ],
    moverProgram,
  });
  try {
    const [source] = await engine.call('getSources', {});
    const vms: LookedAt[] = [];
    for (const { id, name, location, error } of await engine.call('getVms', {})) {
      const plan = await engine.call('plan', { vm: `lab/${id}` }).then(
        ({ findings, snapshots }) => ({
          findings: findings
            .filter(({ severity }) => severity !== 'informs')
            .map(({ severity, id: finding, cause }) => `${severity} ${finding} ${cause}`),
          kept: snapshots.filter(({ kept }) => kept).map(snapshot => snapshot.name),
        }),
        (thrown: unknown) => {
          const { code, message } = toEngineError(thrown);
          return { code, message };
        },
      );
      vms.push({ name, location, error, plan });
    }
    return {
      uid: process.getuid?.(),
      source: { vms: source?.vms ?? null, error: source?.error?.code },
      vms,
      whole: await engine.call('plan', { vm: 'lab/whole' }).then(
        () => 'planned',
        (thrown: unknown) => toEngineError(thrown).code,
      ),
    };
  } finally {
    await engine.close();
  }
}

void main(JSON.parse(process.argv[2] ?? '{}') as UnreadableInput).then(
  answer => process.stdout.write(`${JSON.stringify(answer)}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  },
);
