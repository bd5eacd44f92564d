/** Fields of a form for a template: where to, and the plan of what the form says. */
import { FieldGroup } from '../../picker/field-group';
import type { VmPlace } from '../../picker/place';
import { PlaceChoice } from '../../picker/place-choice';
import { PlanReview } from '../../picker/plan-review';
import { NOT_REVIEWED } from '../../picker/review';
import { ClientProvider } from '../../surface/surface';
import { classOf, findingOf, planOf, targetOf } from '../../testing/views';
import { FAILURES, idOf, type GalleryEntry } from '../entry';
import { isSlow, type Fixtures } from '../fixture-client';
import { FAILED_PROOF } from '../fixtures/places';
import { FORKED_PLAN, LONG_PLAN, PLAN_FINDINGS } from '../fixtures/plans';

const say = (): void => undefined;

function place(state: string, answers: Fixtures, chosen: VmPlace = {}): GalleryEntry {
  return {
    id: idOf('field-place', state),
    view: 'Field of a form: where to',
    state,
    answers,
    shows: {
      part: ({ api }) => (
        <FieldGroup title="Where to" description="What a template says of it">
          <ClientProvider api={api}>
            <PlaceChoice place={chosen} onChange={say} />
          </ClientProvider>
        </FieldGroup>
      ),
    },
  };
}

function review(
  state: string,
  answers: Fixtures,
  { vm = 'lab/web-1', goesOn = false } = {},
): GalleryEntry {
  return {
    id: idOf('field-plan', state),
    view: 'Field of a form: the plan',
    state,
    answers,
    shows: {
      part: ({ api }) => (
        <FieldGroup title="The plan">
          <ClientProvider api={api}>
            <PlanReview
              asked={vm === '' ? undefined : { vm, options: {} }}
              reviewed={NOT_REVIEWED}
              onChange={say}
              goesOn={goesOn}
              catalog={undefined}
            />
          </ClientProvider>
        </FieldGroup>
      ),
    },
  };
}

const other = targetOf({ name: 'other', isDefault: false, classes: [] });

export const FIELD_ENTRIES: readonly GalleryEntry[] = [
  place('nothing chosen', { getTargets: [targetOf(), other] }),
  place(
    'a class that takes no snapshots',
    {
      getTargets: [
        targetOf({
          classes: [
            classOf({ name: 'fast', isDefault: true }),
            classOf({
              name: 'bulk',
              snapshots: { how: 'none', reason: 'No snapshot class fits.' },
            }),
          ],
        }),
      ],
    },
    { storageClass: 'bulk' },
  ),
  place('a class that failed its proof', {
    getTargets: [targetOf({ classes: [classOf({ name: 'fast', proof: FAILED_PROOF })] })],
  }),
  place('a target that does not answer', {
    getTargets: [
      targetOf({
        classes: [],
        error: {
          code: 'TARGET_UNREACHABLE',
          message: 'The API server does not answer.',
          hint: 'Look whether the cluster runs.',
        },
      }),
    ],
  }),
  place('no default target', { getTargets: [{ ...targetOf(), isDefault: false }, other] }),
  place(
    'chosen once, gone now',
    { getTargets: [targetOf()] },
    { target: 'attic', storageClass: 'old' },
  ),
  place('no targets', { getTargets: [] }),
  place('loading', { getTargets: isSlow }),
  ...FAILURES.map(([state, failure]) => place(state, { getTargets: failure })),
  review('nothing to note', { plan: planOf() }),
  review('with findings', { plan: planOf({ findings: PLAN_FINDINGS }) }),
  review(
    'with findings, only shown',
    { plan: planOf({ findings: PLAN_FINDINGS }) },
    { goesOn: true },
  ),
  review('a finding that cannot be accepted', {
    plan: planOf({
      findings: [findingOf({ id: 'no-space', kind: 'no-space', acceptable: false })],
    }),
  }),
  review('with forks', { plan: FORKED_PLAN }),
  review('of 300 snapshots', { plan: LONG_PLAN }),
  review('without snapshots', { plan: planOf({ snapshots: [], keepCosts: [] }) }),
  review('no VM yet', {}, { vm: '' }),
  review('no such entity', {}, { vm: 'resource:default/lab.3f2a' }),
  review('loading', { plan: isSlow }),
  ...FAILURES.map(([state, failure]) => review(state, { plan: failure })),
];
