/**
 * What a software template says of one VM, and what the operations take for it: the same for the form,
 * which shows a plan, and for the actions, which start it, so that both mean the same plan.
 */
import type { MigrationOptions } from '@vm-migrate/api';

/** Rules by which a template keeps snapshots. @public */
export const TEMPLATE_KEEP_RULES = ['all', 'newest', 'names', 'age'] as const;

/** Which snapshots stay. Fields of a rule that was chosen before may still be there. @public */
export interface TemplateKeep {
  readonly rule: (typeof TEMPLATE_KEEP_RULES)[number];
  /** Of rule newest; 1 when absent. */
  readonly count?: number | undefined;
  /** Of rule names. */
  readonly names?: readonly string[] | undefined;
  /** Of rule age: not older than this; 30 when absent. */
  readonly days?: number | undefined;
}

/** An empty text of a form says as little as an absent one. @public */
export interface TemplateChoices extends Omit<
  MigrationOptions,
  'keep' | 'moverImage' | 'sampleWindows'
> {
  readonly keep?: TemplateKeep | undefined;
}

const DAY_MS = 86_400_000;

/** Only what was chosen; the rest is the engine's to choose. @public */
export function templateOptions(choices: TemplateChoices): MigrationOptions {
  const { target, storageClass, storageClassByDisk, leaveOutDisks, namePrefix, cutCurrent } =
    choices;
  const said: MigrationOptions = {
    target,
    storageClass,
    storageClassByDisk,
    leaveOutDisks,
    keep: keepOf(choices.keep),
    namePrefix,
    cutCurrent,
  };
  return Object.fromEntries(
    Object.entries(said).filter(([, value]) => value !== undefined && value !== ''),
  );
}

function keepOf(keep: TemplateKeep | undefined): MigrationOptions['keep'] {
  switch (keep?.rule) {
    case undefined:
      return undefined;
    case 'all':
      return { rule: 'all' };
    case 'newest':
      return { rule: 'newest', count: keep.count ?? 1 };
    case 'names':
      return { rule: 'names', names: [...(keep.names ?? [])] };
    case 'age':
      return { rule: 'age', maxAgeMs: (keep.days ?? 30) * DAY_MS };
  }
}

/** `resource:default/lab.3f2a`; a VM of a source is never written so. */
const ENTITY_REF = /^[a-z][a-z0-9]*:[^:/\s]+\/[^:/\s]+$/i;

/** Whether a template names a VM by its entity; else it is SOURCE/NAME. @public */
export function isEntityRef(vm: string): boolean {
  return ENTITY_REF.test(vm);
}
