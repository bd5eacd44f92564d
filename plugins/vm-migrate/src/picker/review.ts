/** What a form says of a migration, and what was looked at of its plan: pure. */
import {
  TEMPLATE_KEEP_RULES,
  templateOptions,
  type FindingView,
  type MigrationOptions,
  type PlanView,
  type TemplateKeep,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { acceptedOf, openFindings } from '../parts/accepted';

/** Value of the field. */
export interface VmPlanReviewed {
  /** Ids of findings that the person accepts; all of them are of this plan. */
  readonly accept: readonly string[];
  /** Of the plan that was shown, for `vm-migrate:start`; empty: there was none. */
  readonly planDigest: string;
  /** Ids of what blocks and is not accepted. */
  readonly blocking: readonly string[];
  /** The plan in one line, in the language of the person. */
  readonly summary: string;
  /** What the form said when it was planned: what says something else now is not reviewed yet. */
  readonly plannedFor: string;
}

export const NOT_REVIEWED: VmPlanReviewed = {
  accept: [],
  planDigest: '',
  blocking: [],
  summary: '',
  plannedFor: '',
};

/** `ui:options`: in which fields of the form the choices are, and what a blocking finding does. */
export interface VmPlanReviewOptions {
  readonly vm?: string | undefined;
  readonly keep?: string | undefined;
  readonly place?: string | undefined;
  readonly cutCurrent?: string | undefined;
  readonly namePrefix?: string | undefined;
  /** `continue`: findings are only shown. `stop` when absent. */
  readonly onBlocking?: 'stop' | 'continue' | undefined;
  /** As `continue`, while these fields of the form have these values. */
  readonly continueWhen?: Readonly<Record<string, unknown>> | undefined;
}

/** What a plan is asked for. */
export interface Asked {
  /** As the form names it: an entity ref, or SOURCE/NAME. */
  readonly vm: string;
  readonly options: MigrationOptions;
}

/** Undefined: no VM is chosen. What is half filled in says nothing yet. */
export function askedOf(formData: unknown, options: VmPlanReviewOptions = {}): Asked | undefined {
  const form = recordOf(formData);
  const vm = textOf(form[options.vm ?? 'vm']);
  if (vm === undefined) return undefined;
  const place = recordOf(form[options.place ?? 'place']);
  const cutCurrent = form[options.cutCurrent ?? 'cutCurrent'];
  return {
    vm,
    options: templateOptions({
      target: textOf(place['target']),
      storageClass: textOf(place['storageClass']),
      keep: keepOf(form[options.keep ?? 'keep']),
      namePrefix: textOf(form[options.namePrefix ?? 'namePrefix']),
      cutCurrent: typeof cutCurrent === 'boolean' ? cutCurrent : undefined,
    }),
  };
}

function keepOf(value: unknown): TemplateKeep | undefined {
  const { rule, count, days, names } = recordOf(value);
  const known = TEMPLATE_KEEP_RULES.find(each => each === rule);
  if (known === undefined) return undefined;
  return {
    rule: known,
    count: Number.isInteger(count) && Number(count) >= 0 ? Number(count) : undefined,
    days: typeof days === 'number' && days > 0 ? days : undefined,
    names: Array.isArray(names)
      ? names.filter((name): name is string => textOf(name) !== undefined)
      : undefined,
  };
}

/** The same for two forms that ask for the same. */
export function plannedForOf({ vm, options }: Asked): string {
  return JSON.stringify([vm, options]);
}

/** What was accepted before of a plan of this VM; an id says nothing of another VM. */
export function acceptedBefore(
  reviewed: Partial<VmPlanReviewed> | undefined,
  vm: string,
): ReadonlySet<string> {
  const isOfVm = reviewed?.plannedFor?.startsWith(`[${JSON.stringify(vm)},`) === true;
  return new Set(isOfVm ? reviewed.accept : []);
}

export function reviewedOf(
  { digest, findings }: Pick<PlanView, 'digest' | 'findings'>,
  accepted: ReadonlySet<string>,
  asked: Asked,
  summary: string,
): VmPlanReviewed {
  const idsOf = (of: readonly FindingView[]) => of.map(({ id }) => id);
  return {
    accept: acceptedOf(findings, accepted),
    planDigest: digest,
    blocking: idsOf(openFindings(findings, accepted)),
    summary,
    plannedFor: plannedForOf(asked),
  };
}

/** Whatever else the form put beside it. */
export function isSameReview(
  one: VmPlanReviewed,
  other: Partial<VmPlanReviewed> | undefined,
): boolean {
  return (Object.keys(NOT_REVIEWED) as (keyof VmPlanReviewed)[]).every(
    name => JSON.stringify(one[name]) === JSON.stringify(other?.[name]),
  );
}

/** Whether what blocks keeps nobody from going on. */
export function goesOnWhateverBlocks(
  formData: unknown,
  { onBlocking, continueWhen = {} }: VmPlanReviewOptions = {},
): boolean {
  if (onBlocking === 'continue') return true;
  const form = recordOf(formData);
  const when = Object.entries(continueWhen);
  return when.length > 0 && when.every(([name, value]) => form[name] === value);
}

export type ReviewFault =
  { readonly kind: 'noPlan' } | { readonly kind: 'blocking'; readonly count: number };

/** Why the form does not go on; undefined: it does. */
export function faultOfReview(
  reviewed: Partial<VmPlanReviewed> | undefined,
  formData: unknown,
  options: VmPlanReviewOptions = {},
): ReviewFault | undefined {
  const asked = askedOf(formData, options);
  const { planDigest = '', plannedFor, blocking = [] } = reviewed ?? {};
  if (asked === undefined || planDigest === '' || plannedFor !== plannedForOf(asked))
    return { kind: 'noPlan' };
  if (blocking.length === 0 || goesOnWhateverBlocks(formData, options)) return undefined;
  return { kind: 'blocking', count: blocking.length };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
