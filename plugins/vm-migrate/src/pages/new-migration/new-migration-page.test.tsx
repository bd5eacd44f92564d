import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { PlanView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { FakeBackend } from '../../testing/fake-backend';
import { renderPages, type RenderHow } from '../../testing/render-pages';
import {
  findingOf,
  planOf,
  plannedSnapshotOf,
  sourceOf,
  targetOf,
  vmOf,
} from '../../testing/views';

const backend = new FakeBackend();
const user = userEvent.setup();

function showDraft(
  plan: PlanView | ((input: unknown) => PlanView | Response),
  how?: RenderHow,
  target = targetOf(),
) {
  backend.answer('plan', input => (typeof plan === 'function' ? plan(input) : plan));
  backend.answer('getTargets', () => [target]);
  return renderPages(backend.client, '/vm-migrate/new?vm=lab%2Fweb-1', how);
}

const asked = (name: string) =>
  backend.calls.filter(call => call.name === name).map(({ input }) => input);

describe('choice of a VM', () => {
  it('finds VMs under their sources, and says which are migrated already', async () => {
    backend.answer('getSources', () => [
      sourceOf(),
      sourceOf({
        name: 'attic',
        vms: null,
        error: { code: 'SOURCE_UNREACHABLE', message: 'It does not answer.', hint: 'Mount it.' },
      }),
    ]);
    backend.answer('getVms', () => [
      vmOf({ name: 'web-1' }),
      vmOf({ name: 'twin', id: 'a' }),
      vmOf({ name: 'twin', id: 'b' }),
      vmOf({ name: 'db-1', migration: { id: 'm-1', state: 'running' } }),
      vmOf({ name: 'broken', error: 'Its .vmx cannot be read.' }),
    ]);
    renderPages(backend.client, '/vm-migrate/new');
    expect(await screen.findByRole('link', { name: 'web-1' })).toHaveAttribute(
      'href',
      '/vm-migrate/new?vm=lab%2Fweb-1',
    );
    // Two of one name are told apart by their ids.
    expect(
      screen.getAllByRole('link', { name: 'twin' }).map(link => link.getAttribute('href')),
    ).toEqual(['/vm-migrate/new?vm=lab%2Fa', '/vm-migrate/new?vm=lab%2Fb']);
    expect(screen.getByRole('link', { name: 'see m-1' })).toBeInTheDocument();
    expect(screen.queryByRole('link', { name: 'broken' })).toBeNull();
    expect(screen.getByText('Source attic: It does not answer.')).toBeInTheDocument();
    await user.type(screen.getByRole('searchbox'), 'DB');
    await waitFor(() => expect(screen.queryByRole('link', { name: 'web-1' })).toBeNull());
    expect(screen.getByRole('link', { name: 'db-1' })).toBeInTheDocument();
  });
});

describe('draft of a migration', () => {
  it('starts exactly the plan that is shown, and shows the migration', async () => {
    showDraft(planOf());
    const start = await screen.findByRole('button', { name: 'Start now' });
    await waitFor(() => expect(start).not.toHaveAttribute('aria-disabled'));
    backend.answer('start', () => ({
      migration: 'm-new',
      vm: 'web-1',
      planDigest: 'd'.repeat(64),
      outcome: 'started',
      state: 'running',
    }));
    backend.answer('describe', () => FakeBackend.failure(404, 'NOT_FOUND', 'not in this test'));
    await user.click(start);
    await waitFor(() =>
      expect(asked('start')).toEqual([
        { vm: 'lab/web-1', options: {}, planDigest: 'd'.repeat(64), accept: [], begin: 'now' },
      ]),
    );
    await waitFor(() => expect(asked('describe')).toContainEqual({ migration: 'm-new' }));
  });

  it('plans again for as many newest snapshots as the slider says', async () => {
    const plan = planOf({
      snapshots: [
        plannedSnapshotOf({ id: '1' }),
        plannedSnapshotOf({ id: '2', parentId: '1' }),
        plannedSnapshotOf({ id: '3', parentId: '2' }),
      ],
      keepCosts: [{ count: 2, copiedBytes: 0, neededBytes: 512 * 1024 ** 2, volumeSnapshots: 2 }],
    });
    showDraft(plan);
    await user.click(await screen.findByRole('radio', { name: 'The newest' }));
    const slider = screen.getByRole('slider');
    slider.focus();
    await user.keyboard('{ArrowLeft}');
    // Before the network answers: the plan says what each length costs.
    expect(screen.getByText(/Keeps 2 of 3 snapshots · up to 512 MiB/)).toBeInTheDocument();
    const history = within(screen.getByRole('list', { name: 'Snapshots of the VM' }));
    expect(history.getAllByText('kept')).toHaveLength(2);
    await waitFor(() =>
      expect(asked('plan').at(-1)).toEqual({
        vm: 'lab/web-1',
        options: { keep: { rule: 'newest', count: 2 } },
      }),
    );
    expect(screen.getByRole('textbox', { name: 'Command for a terminal' })).toHaveTextContent(
      'kubectl vm-migrate start lab/web-1 --keep newest=2 --plan dddddddddddd',
    );
  });

  it('keeps those that are chosen by name', async () => {
    showDraft(planOf());
    await user.click(await screen.findByRole('radio', { name: 'By name' }));
    await user.click(screen.getByRole('checkbox', { name: 'Keep snapshot 2' }));
    await waitFor(() =>
      expect(asked('plan').at(-1)).toEqual({
        vm: 'lab/web-1',
        options: { keep: { rule: 'names', names: ['snapshot 1', 'snapshot 3'] } },
      }),
    );
  });

  it('does not start before what blocks is accepted by its id', async () => {
    showDraft(planOf({ findings: [findingOf({ id: 'snapshot-dropped:2' })] }));
    const start = await screen.findByRole('button', { name: 'Start now' });
    await screen.findByText('One finding must be accepted first.');
    expect(start).toHaveAttribute('aria-disabled', 'true');
    await user.click(start);
    expect(asked('start')).toEqual([]);
    await user.click(screen.getByRole('checkbox', { name: /snapshot-dropped:2/ }));
    await waitFor(() => expect(start).not.toHaveAttribute('aria-disabled'));
    backend.answer('start', () =>
      FakeBackend.failure(409, 'PLAN_CHANGED', 'The plan is another one now.'),
    );
    await user.click(screen.getByRole('button', { name: 'Start paused' }));
    await waitFor(() =>
      expect(asked('start')).toMatchObject([
        { accept: ['snapshot-dropped:2'], begin: 'when-resumed' },
      ]),
    );
    // Nothing was started: the page says why, and plans again.
    expect(await screen.findByText('The plan is another one now.')).toBeInTheDocument();
    await waitFor(() => expect(asked('plan')).toHaveLength(2));
  });

  it('starts at a time that is to come, in UTC', async () => {
    showDraft(planOf({}));
    const then = await screen.findByRole('button', { name: 'Start then' });
    const field = screen.getByLabelText('Or at a time, by your clock');
    backend.answer('start', () => FakeBackend.failure(409, 'PLAN_CHANGED', 'Another one now.'));
    expect(then).toHaveAttribute('aria-disabled', 'true');
    fireEvent.change(field, { target: { value: '2020-01-01T10:00' } });
    expect(then).toHaveAttribute('aria-disabled', 'true');
    fireEvent.change(field, { target: { value: '2099-01-01T10:00' } });
    await waitFor(() => expect(then).not.toHaveAttribute('aria-disabled'));
    await user.click(then);
    await waitFor(() =>
      expect(asked('start')).toMatchObject([
        { beginAt: new Date('2099-01-01T10:00').toISOString() },
      ]),
    );
  });

  it('does not start what cannot be accepted, and says how to mend it', async () => {
    showDraft(
      planOf({
        findings: [
          findingOf({ id: 'disk-open', kind: 'disk-open', acceptable: false, remedy: 'Stop it.' }),
        ],
      }),
    );
    expect(await screen.findByText('One finding blocks it: mend it first.')).toBeInTheDocument();
    expect(screen.getByText('Stop it.')).toBeInTheDocument();
    expect(screen.queryByRole('checkbox', { name: /disk-open/ })).toBeNull();
  });

  it('leaves a disk out, and takes another class for one', async () => {
    showDraft(planOf());
    await user.click(await screen.findByRole('checkbox', { name: 'Disk scsi0:1' }));
    await waitFor(() =>
      expect(asked('plan').at(-1)).toEqual({
        vm: 'lab/web-1',
        options: { leaveOutDisks: ['disk-b'] },
      }),
    );
    // The last one stays: a migration of no disk is none.
    expect(screen.getByRole('checkbox', { name: 'Disk scsi0:0' })).toBeDisabled();
    await user.click(screen.getByRole('button', { name: /Storage class of disk scsi0:0/ }));
    await user.click(await screen.findByRole('option', { name: 'bulk' }));
    await waitFor(() =>
      expect(asked('plan').at(-1)).toMatchObject({
        options: { storageClassByDisk: { 'disk-a': 'bulk' } },
      }),
    );
  });

  it('lets a target be chosen where no plan can be made without one', async () => {
    showDraft(
      input =>
        JSON.stringify(input).includes('"target"')
          ? planOf()
          : FakeBackend.failure(404, 'NOT_FOUND', 'No target is the default one.'),
      undefined,
      targetOf({ isDefault: false }),
    );
    expect(await screen.findByText('No target is the default one.')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: /Target/ }));
    await user.click(await screen.findByRole('option', { name: 'cluster (kubernetes)' }));
    expect(await screen.findByText('3 of 3 snapshots')).toBeInTheDocument();
  });

  it('says who may not start', async () => {
    showDraft(planOf(), { allows: ({ permission }) => permission.name !== 'vm-migrate.start' });
    expect(await screen.findByText(/You may not start migrations/)).toBeInTheDocument();
  });
});

describe('findings', () => {
  it('are called by what they are, and their remedies speak of the controls of the page', async () => {
    showDraft(
      planOf({
        findings: [
          findingOf({ id: 'snapshot-dropped:7', remedy: 'Keep the snapshot (--keep).' }),
          findingOf({
            id: 'too-many-snapshots:v',
            kind: 'too-many-snapshots',
            remedy: '`--keep newest=3` is the most that fits. Or --storage-class: bulk (9).',
          }),
          findingOf({ id: 'news:1', kind: 'of-a-newer-engine', remedy: 'Say --name-prefix.' }),
        ],
      }),
    );
    expect(await screen.findByText('State of a snapshot is not carried')).toBeInTheDocument();
    expect(document.title).toBe('New migration · VM migrations');
    for (const remedy of [
      'Keep the snapshot under “What to keep”, or accept that its state is not carried.',
      '“The newest” under “What to keep”: 3 is the most that fits. Or “Storage class” under “Where to”: bulk (9).',
      'Say “Prefix of all object names”.',
    ])
      expect(screen.getByText(remedy)).toBeInTheDocument();
  });
});
