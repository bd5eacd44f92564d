/**
 * Which target `npm start` makes the default, before it writes its configuration: one of the person's
 * own, else the cluster that kubectl would talk to if it can take a migration as it stands, else the
 * folder on this machine. Prints it as JSON.
 *
 *     node start-targets.cjs FILE...     configuration files of the person's own, the later wins
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { clusterReadiness, readBackendConfig, type ConfiguredTarget } from '@vm-migrate/engine';
import { parse } from 'yaml';

/** Nobody waits for it but whoever starts Backstage. */
const TIMEOUT_MS = 4_000;

export interface StartTargets {
  /** A target of the person's own to be marked as the default; absent: `local`, unless the person or the cluster says so. */
  readonly default?: string;
  /** Whether `local` is the default. */
  readonly isLocalDefault: boolean;
  /** For `vmMigrate.kubectlCluster`. */
  readonly kubectlCluster?: 'offered' | 'default';
  /** For the person who starts it. */
  readonly words: readonly string[];
}

export interface StartTargetsOptions {
  readonly files: readonly string[];
  readonly folder: string;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly moverProgram: string;
  readonly timeoutMs?: number;
}

export async function startTargets(options: StartTargetsOptions): Promise<StartTargets> {
  const own = ownTargets(options.files);
  const names = Object.keys(own);
  const marked = names.find(name => own[name]?.default === true);
  if (marked !== undefined)
    return { isLocalDefault: false, words: [`default target: ${marked}, as configured`] };
  // What somebody configured is meant to be used.
  const first = names.find(name => own[name]?.kind === 'kubernetes') ?? names[0];
  if (first !== undefined)
    return {
      default: first,
      isLocalDefault: false,
      words: [`default target: ${first}; \`default: true\` at another one makes that the default`],
    };
  const found = foundTarget(options);
  if (found === undefined) return { isLocalDefault: true, words: [] };
  const where = `context ${String(found.options['context'] ?? '-')}, namespace ${String(found.options['namespace'])}`;
  const readiness = await clusterReadiness(found, {
    moverProgram: options.moverProgram,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
  });
  return readiness.isReady
    ? {
        isLocalDefault: false,
        kubectlCluster: 'default',
        words: [
          `default target: ${found.name} (${where}); \`local\` is a folder on this machine`,
          'its nodes must be able to get the image of the movers: docs/targets/kubernetes.md, "Install on a cluster"',
        ],
      }
    : {
        isLocalDefault: true,
        kubectlCluster: 'offered',
        words: [
          `default target: local, a folder on this machine. ${found.name} (${where}) is not ready: ${readiness.why}`,
        ],
      };
}

interface OwnTarget {
  readonly kind?: unknown;
  readonly default?: unknown;
}

/** As Backstage merges them. What is wrong with a file is said by Backstage, which reads it next. */
function ownTargets(files: readonly string[]): Readonly<Record<string, OwnTarget>> {
  const merged: Record<string, OwnTarget> = {};
  for (const file of files) {
    const targets = record(record(record(parsed(file))['vmMigrate'])['targets']);
    for (const [name, target] of Object.entries(targets))
      merged[name] = { ...merged[name], ...record(target) };
  }
  return merged;
}

function parsed(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** As the backend will find it. */
function foundTarget({
  folder,
  home,
  environment,
}: StartTargetsOptions): ConfiguredTarget | undefined {
  return readBackendConfig(
    { kubectlCluster: 'offered' },
    { folder, home, environment },
  ).targets.find(({ isFound }) => isFound === true);
}

if (require.main === module)
  void startTargets({
    files: process.argv.slice(2),
    folder: process.cwd(),
    home: homedir(),
    environment: process.env,
    moverProgram: path.resolve(__dirname, '../../mover/dist/mover.cjs'),
  }).then(targets => {
    process.stdout.write(`${JSON.stringify(targets)}\n`, () => process.exit(0));
  });
