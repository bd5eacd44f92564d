/** The file that `bundle` writes and `plan --bundle` reads. */
import { readFile } from 'node:fs/promises';
import type { DescriptionView, EventView, TreeView } from '@vm-migrate/api';
import type { Plan } from '@vm-migrate/engine';
import { loadEngine } from './engine-library';

export interface Bundle {
  readonly kind: 'vm-migrate bundle';
  readonly version: 1;
  readonly madeAt: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Names, descriptions and paths are hashes. */
  readonly redacted: boolean;
  readonly plan: Plan;
  readonly tree: TreeView;
  readonly description: DescriptionView | null;
  readonly events: readonly EventView[];
}

/** @throws EngineError PLAN_INVALID */
export async function readBundle(file: string): Promise<Bundle> {
  const { EngineError, parsePlan } = await loadEngine();
  const refuse = (found: string, cause?: unknown) =>
    new EngineError('PLAN_INVALID', {
      where: { file },
      expected: 'a file of `kubectl vm-migrate bundle`',
      found,
      cause,
    });
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
  if (
    typeof parsed !== 'object' ||
    parsed === null ||
    !('kind' in parsed) ||
    parsed.kind !== 'vm-migrate bundle'
  )
    throw refuse('something else');
  if (!('version' in parsed) || parsed.version !== 1) throw refuse('a bundle of another version');
  const bundle = parsed as Bundle;
  return { ...bundle, plan: parsePlan(JSON.stringify(bundle.plan), file) };
}
