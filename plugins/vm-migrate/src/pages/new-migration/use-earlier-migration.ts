/** Whether the VM has a migration already that this person may read. */
import type {
  DescriptionView,
  MigrationStateView,
  MigrationView,
  PlanView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useOperation } from '../../surface/queries';

/** One that was canceled stands in nobody's way, but for its objects, which a finding tells of. */
const STANDING: readonly MigrationStateView[] = ['running', 'paused', 'failed', 'migrated'];
/** Of one VM; there are rarely two. */
const MOST = 50;

/**
 * `same`: it is of this very plan, nothing is started. `open`: it is under way with another plan.
 * `ended`: it goes on where the history only grew. `elsewhere`: the plan makes another one.
 */
export type StartOverEarlier = 'same' | 'open' | 'ended' | 'elsewhere';

export interface EarlierMigration {
  readonly migration: MigrationView;
  readonly start: StartOverEarlier;
  /** Of all that the VM has: a start that answers one of these made none. */
  readonly ids: readonly string[];
}

/** Undefined: there is none, or it is not known. */
export function useEarlierMigration(plan: PlanView | undefined): EarlierMigration | undefined {
  const { data = [] } = useOperation(
    'getMigrations',
    {
      vm: plan?.vm.id ?? '',
      source: plan?.vm.source ?? '',
      states: [...STANDING],
      limit: MOST,
    },
    { enabled: plan !== undefined },
  );
  const here = data.filter(({ target }) => target === plan?.target);
  const migration = here.find(isOpen) ?? here[0] ?? data[0];
  const described = useOperation(
    'describe',
    { migration: migration?.id ?? '' },
    { enabled: migration !== undefined && here.includes(migration) },
  );
  if (plan === undefined || migration === undefined) return undefined;
  const description = described.data?.migration.id === migration.id ? described.data : undefined;
  return {
    migration,
    start: startOver(migration, description, plan),
    ids: data.map(({ id }) => id),
  };
}

function isOpen({ state }: MigrationView): boolean {
  return state !== 'migrated';
}

function startOver(
  migration: MigrationView,
  description: Pick<DescriptionView, 'planDigest' | 'volumes'> | undefined,
  plan: PlanView,
): StartOverEarlier {
  if (migration.target !== plan.target) return 'elsewhere';
  if (description?.planDigest === plan.digest) return 'same';
  if (isOpen(migration)) return 'open';
  // What it made has other names, as after another prefix.
  const names = new Set(description?.volumes.map(({ name }) => name));
  const isBeside = description !== undefined && !plan.volumes.some(({ name }) => names.has(name));
  return isBeside ? 'elsewhere' : 'ended';
}
