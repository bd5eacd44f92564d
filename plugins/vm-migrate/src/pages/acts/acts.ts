/** What a person may do with a migration, and why not: pure, so that a button and a dialog agree. */
import type {
  ApiClient,
  CancelChoice,
  MigrationView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';

export const ACTS = ['pause', 'resume', 'retry', 'cancel'] as const;
export type Act = (typeof ACTS)[number];

/** The least that is lost comes first: it is the one that is chosen already. */
export const CANCEL_OBJECTS: readonly CancelChoice[] = ['keep-all', 'keep-snapshots', 'remove-all'];

/** Why an act makes no sense in a migration's state; a word of `acts.refusal`. */
export type Refusal =
  'migrated' | 'canceled' | 'canceling' | 'paused' | 'notPaused' | 'nothingFailed';

/** As the engine decides; it has the last word when the state changed in the meantime. */
export function refusalOf(
  act: Act,
  { state, wanted, error }: Pick<MigrationView, 'state' | 'wanted' | 'error'>,
): Refusal | undefined {
  if (state === 'canceled') return 'canceled';
  if (state === 'migrated') return 'migrated';
  if (wanted === 'cancel' && act !== 'cancel') return 'canceling';
  switch (act) {
    case 'pause':
      return wanted === 'pause' ? 'paused' : undefined;
    case 'resume':
      return wanted === 'pause' ? undefined : 'notPaused';
    case 'retry':
      return state === 'failed' || error !== null ? undefined : 'nothingFailed';
    case 'cancel':
      return undefined;
    default:
      return act satisfies never;
  }
}

/** Every byte is written and every kept snapshot cut: what is open can be checks alone. */
export function isAllMigrated({
  layers,
  snapshots,
}: Pick<MigrationView, 'layers' | 'snapshots'>): boolean {
  return layers.migrated + layers.notWanted === layers.total && snapshots.ready === snapshots.total;
}

/** @throws ApiError */
export async function perform(
  api: ApiClient,
  act: Act,
  migration: string,
  objects: CancelChoice,
): Promise<MigrationView> {
  return act === 'cancel'
    ? api.call('cancel', { migration, objects })
    : api.call(act, { migration });
}
