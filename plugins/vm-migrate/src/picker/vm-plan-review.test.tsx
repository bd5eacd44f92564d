import type { Entity } from '@backstage/catalog-model';
import type { OperationInput } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { cleanup, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { liveHubOf } from '../surface/live-hub';
import { FakeBackend } from '../testing/fake-backend';
import { renderTemplateForm, type FormPage } from '../testing/template-form';
import { findingOf, planOf } from '../testing/views';

const backend = new FakeBackend();
const user = userEvent.setup();

const entity: Entity = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Resource',
  metadata: {
    name: 'vm-4711',
    annotations: { 'vm-migrate.io/source': 'lab', 'vm-migrate.io/vm-id': '4711' },
  },
  spec: { type: 'virtual-machine' },
};

const text = (title: string, more: object = {}) => ({ type: 'string', title, ...more });

function review(options?: object) {
  return {
    type: 'object',
    title: 'The plan',
    'ui:field': 'VmPlanReview',
    ...(options === undefined ? {} : { 'ui:options': options }),
  };
}

const page = (properties: object): FormPage => ({ type: 'object', properties });

const asked = () =>
  backend.calls
    .filter(({ name }) => name === 'plan')
    .map(({ input }) => input) as OperationInput<'plan'>[];

const press = async (name: string) => user.click(await screen.findByRole('button', { name }));

const BLOCKING = findingOf({ id: 'snapshot-dropped:2' });
const MEMORY = findingOf({ id: 'memory:1', severity: 'warns' });

describe('field VmPlanReview', () => {
  it('plans what earlier pages of the form say, and goes on once what blocks is accepted', async () => {
    backend.answer('plan', () => planOf({ findings: [BLOCKING, MEMORY] }));
    const { onCreate } = renderTemplateForm(
      backend.client,
      [
        page({
          vm: text('VM', { default: 'resource:default/vm-4711' }),
          keep: {
            type: 'object',
            properties: {
              rule: text('Rule', { default: 'newest' }),
              count: { type: 'integer', title: 'How many', default: 2 },
              // Of a rule that was chosen before.
              days: { type: 'integer', title: 'Days', default: 7 },
            },
          },
          place: { type: 'object', properties: { target: text('Target', { default: 'cluster' }) } },
          cutCurrent: { type: 'boolean', title: 'Cut', default: false },
        }),
        page({ review: review() }),
      ],
      { entities: [entity] },
    );
    await press('Next');
    expect(await screen.findByText('3 of 3 snapshots')).toBeVisible();
    expect(asked()[0]).toEqual({
      vm: 'lab/4711',
      options: { target: 'cluster', keep: { rule: 'newest', count: 2 }, cutCurrent: false },
    });

    await press('Review');
    const refusal = 'One finding blocks the plan: accept it, or mend it.';
    expect((await screen.findAllByText(refusal, { exact: false }))[0]).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Create' })).toBeNull();

    await user.click(screen.getByRole('checkbox', { name: /snapshot-dropped:2/ }));
    await press('Review');
    await press('Create');
    expect(onCreate.mock.lastCall?.[0]['review']).toMatchObject({
      accept: ['snapshot-dropped:2'],
      blocking: [],
      planDigest: 'd'.repeat(64),
      summary: expect.stringMatching(/: 3 of 3 snapshots to cluster \(fast\)/),
    });
  });

  it('takes the plan that was shown before while it is asked for again', async () => {
    let isFirst = true;
    backend.answer('plan', () => {
      if (!isFirst) return new Promise<never>(() => undefined);
      isFirst = false;
      return planOf({ findings: [BLOCKING] });
    });
    const form = [page({ vm: text('VM', { default: 'lab/web-1' }), review: review() })];
    renderTemplateForm(backend.client, form);
    expect(await screen.findByText('3 of 3 snapshots')).toBeVisible();
    // The same form again, a while later.
    cleanup();
    await liveHubOf(backend.client).queries.invalidateQueries({ refetchType: 'none' });
    renderTemplateForm(backend.client, form);
    expect(await screen.findByText('3 of 3 snapshots')).toBeVisible();
    await waitFor(() => expect(asked()).toHaveLength(2));
    await press('Review');
    const refusal = 'One finding blocks the plan: accept it, or mend it.';
    expect(await screen.findAllByText(refusal, { exact: false })).not.toHaveLength(0);
  });

  it('plans again when another field says something else, and takes no answer of before', async () => {
    let answerFirst = (): void => undefined;
    const first = new Promise<void>(resolve => (answerFirst = resolve));
    backend.answer('plan', async ({ options }) => {
      if (options?.storageClass === undefined) await first;
      return planOf({ digest: (options?.storageClass === undefined ? 'a' : 'b').repeat(64) });
    });
    const { onCreate } = renderTemplateForm(backend.client, [
      page({
        machine: text('VM', { default: 'lab/web-1' }),
        where: { type: 'object', properties: { storageClass: text('Class') } },
        review: review({ vm: 'machine', place: 'where' }),
      }),
    ]);
    await waitFor(() => expect(asked()).toHaveLength(1));
    await press('Review');
    expect((await screen.findAllByText(/There is no plan yet/))[0]).toBeVisible();

    await user.type(await screen.findByRole('textbox', { name: 'Class' }), 'bulk');
    await waitFor(() => expect(asked()).toHaveLength(2));
    // Letter by letter is not a plan each.
    expect(asked().at(-1)).toEqual({ vm: 'lab/web-1', options: { storageClass: 'bulk' } });
    answerFirst();
    expect(await screen.findByText('3 of 3 snapshots')).toBeVisible();
    await press('Review');
    await press('Create');
    expect(onCreate.mock.lastCall?.[0]['review']).toMatchObject({ planDigest: 'b'.repeat(64) });
  });

  it('forgets what was accepted of another VM, and what another plan had', async () => {
    backend.answer('plan', () => planOf({ findings: [BLOCKING] }));
    renderTemplateForm(backend.client, [
      page({ vm: text('VM', { default: 'lab/a' }) }),
      page({ review: review() }),
    ]);
    const box = () => screen.findByRole('checkbox', { name: /snapshot-dropped:2/ });
    await press('Next');
    await user.click(await box());
    // The same VM again: it stays accepted.
    await press('Back');
    await press('Next');
    expect(await box()).toBeChecked();
    await press('Back');
    await user.type(screen.getByRole('textbox', { name: 'VM' }), 'b');
    await press('Next');
    await waitFor(() => expect(asked().at(-1)).toMatchObject({ vm: 'lab/ab' }));
    expect(await box()).not.toBeChecked();
    // What the form still holds is of the other VM until this one is planned.
    await press('Review');
    expect((await screen.findAllByText(/One finding blocks the plan/))[0]).toBeVisible();
  });

  it.each([
    ['that only looks', { onBlocking: 'continue' }],
    ['whose other field says that it only plans', { continueWhen: { until: 'plan' } }],
  ])('goes on whatever blocks in a form %s', async (_name, options) => {
    backend.answer('plan', () => planOf({ findings: [BLOCKING] }));
    const { onCreate } = renderTemplateForm(backend.client, [
      page({
        vm: text('VM', { default: 'lab/web-1' }),
        until: text('How far', { default: 'plan' }),
        review: review(options),
      }),
    ]);
    expect(await screen.findByText('One finding blocks a start.')).toBeVisible();
    await press('Review');
    await press('Create');
    expect(onCreate.mock.lastCall?.[0]['review']).toMatchObject({
      accept: [],
      blocking: ['snapshot-dropped:2'],
    });
  });

  it('does not go on without a plan, and says why there is none', async () => {
    backend.answer('plan', () =>
      FakeBackend.failure(404, 'VM_NOT_FOUND', 'There is no VM lab/web-1.', { hint: 'List them.' }),
    );
    renderTemplateForm(backend.client, [
      page({ vm: text('VM', { default: 'lab/web-1' }), review: review() }),
    ]);
    expect(await screen.findByText('There is no VM lab/web-1.')).toBeVisible();
    expect(screen.getByText('List them.')).toBeVisible();
    await press('Review');
    expect((await screen.findAllByText(/There is no plan yet/))[0]).toBeVisible();
    // Mended, it is asked for again.
    backend.answer('plan', () => planOf());
    await press('Ask again');
    expect(await screen.findByText('3 of 3 snapshots')).toBeVisible();
    await press('Review');
    await screen.findByRole('button', { name: 'Create' });
  });

  it.each([
    ['no VM is chosen', '', 'Choose a VM first: its plan is shown here.'],
    [
      'no entity of a VM',
      'resource:default/gone',
      'The catalog shows you no VM resource:default/gone.',
    ],
  ])('says that there is %s', async (_name, vm, words) => {
    renderTemplateForm(backend.client, [
      page({ vm: text('VM', { default: vm }), review: review() }),
    ]);
    expect(await screen.findByText(words)).toBeVisible();
    await press('Review');
    expect((await screen.findAllByText(/There is no plan yet/))[0]).toBeVisible();
    expect(asked()).toEqual([]);
  });
});
