import { EngineError } from '../errors';
import type { Plan } from './plan';
import { planDigest } from './plan-digest';
import { planSchema } from './plan-schema';

/** Far above any real plan (300 deltas make about 1 MB); a wrong file is refused before it is parsed. */
const MAX_PLAN_LENGTH = 256 * 1024 * 1024;

/**
 * Reads a plan file that a user gives back to `start --plan FILE`. Nothing in it is trusted: it has
 * the shape of a plan, its parts fit together, and it is what its digest says. It is still only a
 * statement of what the user saw; `start` builds the plan again and compares.
 * @param file for error messages
 * @throws EngineError PLAN_INVALID
 */
export function parsePlan(text: string, file: string): Plan {
  if (text.length > MAX_PLAN_LENGTH) throw invalid(file, `${text.length} characters`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid(file, cause instanceof Error ? cause.message : 'no JSON', cause);
  }
  const version =
    typeof json === 'object' && json !== null && 'version' in json ? json.version : undefined;
  if (version !== 1) throw invalid(file, `version ${JSON.stringify(version) ?? 'none'}`);

  const parsed = planSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(
      file,
      issue === undefined
        ? 'something else'
        : `${issue.path.join('.') || 'the file'}: ${issue.message}`,
    );
  }
  const plan: Plan = parsed.data;
  const flaw = flawOf(plan);
  if (flaw !== undefined) throw invalid(file, flaw);
  return plan;
}

/** What does not fit together, in a file whose every part has the right shape. */
function flawOf(plan: Plan): string | undefined {
  const disks = new Set(plan.disks.map(({ id }) => id));
  const layers = new Set(plan.layers.map(({ id }) => id));
  const volumes = new Set(plan.volumes.map(({ id }) => id));
  const cuts = new Set(plan.volumeSnapshots.map(({ id }) => id));
  const steps = new Set<string>();
  const fits = (id: string | undefined, known: ReadonlySet<string>): boolean =>
    id === undefined || known.has(id);

  for (const step of plan.steps) {
    const stranger = step.after.find(id => !steps.has(id));
    if (stranger !== undefined)
      return `step ${step.id} waits for ${stranger}, which does not stand before it`;
    if (steps.has(step.id)) return `step ${step.id} stands there twice`;
    steps.add(step.id);
    const known =
      fits(step.diskId, disks) &&
      fits(step.layerId, layers) &&
      fits(step.volumeId, volumes) &&
      fits(step.volumeSnapshotId, cuts);
    if (!known) return `step ${step.id} names what the plan does not hold`;
  }
  for (const volume of plan.volumes) {
    const known = disks.has(volume.diskId) && fits(volume.restoredFrom, cuts);
    if (!known || volume.layers.some(id => !layers.has(id))) {
      return `volume ${volume.id} names what the plan does not hold`;
    }
  }
  if (planDigest(plan) !== plan.digest) return 'a digest of something else: the file was changed';
  return undefined;
}

function invalid(file: string, found: string, cause?: unknown): EngineError {
  return new EngineError('PLAN_INVALID', {
    where: { file },
    expected: 'a plan of version 1, as `kubectl vm-migrate plan VM -o json` wrote it',
    found,
    hint: 'Write the plan again with `kubectl vm-migrate plan VM -o json > FILE`, and do not edit it.',
    cause,
  });
}
