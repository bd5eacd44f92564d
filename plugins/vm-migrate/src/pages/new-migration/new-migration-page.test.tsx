import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { MigrationView, PlanView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { FakeBackend } from '../../testing/fake-backend';
import { renderPages, type RenderHow } from '../../testing/render-pages';
import {
  classOf,
  descriptionOf,
  findingOf,
  migrationOf,
  planOf,
  plannedSnapshotOf,
  sourceOf,
  targetOf,
  vmOf,
  volumeOf,
} from '../../testing/views';

const backend = new FakeBackend();
const user = userEvent.setup();

function showDraft(
  plan: PlanView | ((input: unknown) => PlanView | Response | Promise<PlanView>),
  how?: RenderHow,
  target = targetOf(),
) {
  backend.answer('plan', input => (typeof plan === 'function' ? plan(input) : plan));
  backend.answer('getTargets', () => [target]);
  backend.answer('getMigrations', () => []);
  return renderPages(backend.client, '/vm-migrate/new?vm=lab%2Fweb-1', how);
}

/** Nothing of it runs now. */
const statusOf = (migration: MigrationView) => ({ ...migration, disks: [], now: [] });

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

  it('says what each snapshot costs, and all the others, by the plans themselves', async () => {
    const mib = 1024 ** 2;
    const costs = [470, 691, 691, 751].map((needed, count) => ({
      count,
      copiedBytes: 0,
      neededBytes: needed * mib,
      volumeSnapshots: count,
    }));
    const plan = planOf({
      totals: {
        ...planOf().totals,
        space: [{ storageClass: 'fast', neededBytes: 691 * mib }],
      },
      snapshots: [
        plannedSnapshotOf({ id: '1', kept: false, costBytes: 60 * mib, costMs: 9_000 }),
        plannedSnapshotOf({ id: '2', parentId: '1', kept: false, costBytes: 0, costMs: 0 }),
        plannedSnapshotOf({ id: '3', parentId: '1', costBytes: 221 * mib, costMs: 300 }),
      ],
      keepCosts: costs,
    });
    const fast = classOf({ name: 'fast' });
    const unmeasured = { ...fast, proof: { ...fast.proof, writeBytesPerSecond: null } };
    showDraft(plan, undefined, targetOf({ classes: [unmeasured] }));
    const list = within(await screen.findByRole('list', { name: 'Snapshots of the VM' }));
    await list.findByText('60 MiB · up to 9s');
    expect(list.getByText('0 B · under 1s')).toBeInTheDocument();
    expect(list.getByText('221 MiB · under 1s')).toBeInTheDocument();
    // Not the sum of the rows: the plan of all of them less this one.
    expect(
      screen.getByText(/To keep the other 2 as well would cost up to 60 MiB more\./),
    ).toBeInTheDocument();
    expect(screen.getByText(/is known better after the storage class/)).toBeInTheDocument();
  });

  it('says of no snapshot that it is dropped before the plan says so', async () => {
    let answer = () => {};
    showDraft(input =>
      JSON.stringify(input).includes('newest')
        ? new Promise(resolve => {
            answer = () =>
              resolve(
                planOf({
                  snapshots: [
                    plannedSnapshotOf({ id: '1', kept: false, mergedInto: '2' }),
                    plannedSnapshotOf({ id: '2', parentId: '1' }),
                    plannedSnapshotOf({ id: '3', parentId: '2' }),
                  ],
                }),
              );
          })
        : planOf(),
    );
    await user.click(await screen.findByRole('radio', { name: 'The newest' }));
    screen.getByRole('slider').focus();
    await user.keyboard('{ArrowLeft}');
    const list = within(screen.getByRole('list', { name: 'Snapshots of the VM' }));
    expect(list.getAllByText('kept')).toHaveLength(2);
    expect(list.getByText('being planned')).toBeInTheDocument();
    expect(list.queryByText('dropped with its branch')).toBeNull();
    expect(list.queryByText(/MiB/)).toBeNull();
    await waitFor(() => expect(asked('plan')).toHaveLength(2));
    answer();
    expect(await list.findByText('merged into snapshot 2')).toBeInTheDocument();
    expect(list.queryByText('being planned')).toBeNull();
  });

  it('does not start with a wrong prefix, and says why', async () => {
    showDraft(planOf());
    await user.click(await screen.findByRole('button', { name: 'More options' }));
    const start = screen.getByRole('button', { name: 'Start now' });
    await waitFor(() => expect(start).not.toHaveAttribute('aria-disabled'));
    const field = screen.getByRole('textbox', { name: /Prefix of all object names/ });
    await user.type(field, 'Bad Name!!');
    expect(field).toHaveAccessibleDescription(/Begin with a small letter/);
    expect(
      screen.getAllByText('The prefix of all object names is wrong: mend it under “More options”.'),
    ).not.toHaveLength(0);
    expect(start).toHaveAttribute('aria-disabled', 'true');
    expect(screen.queryByRole('textbox', { name: 'Command for a terminal' })).toBeNull();
    expect(screen.queryByText('dddddddddddddddd')).toBeNull();
    await user.clear(field);
    await user.type(field, 'shop-web');
    await waitFor(() =>
      expect(asked('plan').at(-1)).toEqual({
        vm: 'lab/web-1',
        options: { namePrefix: 'shop-web' },
      }),
    );
    await waitFor(() => expect(start).not.toHaveAttribute('aria-disabled'));
    expect(screen.getByRole('textbox', { name: 'Command for a terminal' })).toHaveTextContent(
      '--name-prefix shop-web',
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

  it('asks for no acceptance of what blocks nothing', async () => {
    showDraft(planOf({ findings: [findingOf({ id: 'warning:1', severity: 'warns' })] }));
    expect(await screen.findByText('warning:1')).toBeInTheDocument();
    expect(screen.queryByRole('checkbox', { name: /warning:1/ })).toBeNull();
  });

  it('starts at a time that is to come, in UTC', async () => {
    showDraft(planOf({}));
    const then = await screen.findByRole('button', { name: 'Start then' });
    const field = screen.getByLabelText(/^Or at a time, by your clock \(\w+.*\)$/);
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

it('is called by the name of the VM, also where its address has the id', async () => {
  backend.answer('plan', () => planOf({ vm: { ...planOf().vm, name: 'Web "1"' } }));
  backend.answer('getTargets', () => [targetOf()]);
  backend.answer('getMigrations', () => []);
  renderPages(backend.client, '/vm-migrate/new?vm=lab%2F224e328117c73f17');
  expect(await screen.findByRole('heading', { name: 'lab/Web "1"' })).toBeInTheDocument();
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

describe('a VM that has a migration', () => {
  const migrated = migrationOf({ state: 'migrated' });
  const [volume] = descriptionOf(statusOf(migrationOf())).volumes;

  function showEarlier(
    earlier: MigrationView,
    { digest = 'e'.repeat(64), names = [volume?.name ?? ''] } = {},
  ) {
    showDraft(
      planOf({
        volumes: [
          {
            id: 'disk-a-main',
            diskId: 'disk-a',
            role: 'main',
            name: volume?.name ?? '',
            storageClass: 'fast',
            sizeBytes: 0,
            layers: [],
            atEnd: 'keep',
          },
        ],
      }),
    );
    backend.answer('getMigrations', () => [earlier]);
    backend.answer('describe', () =>
      descriptionOf(statusOf(earlier), {
        planDigest: digest,
        volumes: names.map(name => volumeOf({ name })),
      }),
    );
  }

  it.each<[string, MigrationView, Parameters<typeof showEarlier>[1], RegExp]>([
    ['of this very plan', migrated, { digest: 'd'.repeat(64) }, /It is of this very plan/],
    ['of other choices', migrated, {}, /Where the VM only went on since/],
    ['under other names', migrated, { names: ['other'] }, /makes a new one beside it/],
    ['under way', migrationOf(), {}, /while it is open/],
    ['to another target', migrationOf({ target: 'attic' }), {}, /makes a new one beside it/],
  ])('says so, and what a start would do: one %s', async (_name, earlier, more, words) => {
    showEarlier(earlier, more);
    expect(await screen.findByText(words)).toBeInTheDocument();
    expect(screen.getByRole('link', { name: 'see m-1' })).toHaveAttribute(
      'href',
      '/vm-migrate/migrations/m-1',
    );
  });

  it.each([
    ['already', /Nothing new was started/],
    ['started', /goes on with what is new/],
  ] as const)('is not opened without a word after a start: %s', async (outcome, words) => {
    showEarlier(migrated);
    await screen.findByRole('link', { name: 'see m-1' });
    backend.answer('start', () => ({
      migration: 'm-1',
      vm: 'web-1',
      planDigest: 'd'.repeat(64),
      outcome,
      state: 'migrated',
    }));
    const start = screen.getByRole('button', { name: 'Start now' });
    await waitFor(() => expect(start).not.toHaveAttribute('aria-disabled'));
    await user.click(start);
    expect(await screen.findByText(words)).toBeInTheDocument();
    expect(screen.getAllByRole('link', { name: 'see m-1' })).toHaveLength(2);
  });

  it('offers another prefix where a start is refused for its names', async () => {
    showEarlier(migrated);
    backend.answer('start', () =>
      FakeBackend.failure(409, 'STATE_REFUSED', 'It does not fit. Where: web-1. Found: a; b.', {
        found: 'what is kept: was 3, is 2; snapshot 1: is gone',
        hint: 'Under another prefix for the names (--name-prefix).',
      }),
    );
    const start = await screen.findByRole('button', { name: 'Start now' });
    await waitFor(() => expect(start).not.toHaveAttribute('aria-disabled'));
    expect(screen.queryByRole('textbox', { name: /Prefix of all object names/ })).toBeNull();
    await user.click(start);
    expect(await screen.findByText('It does not fit.')).toBeInTheDocument();
    expect(screen.getByText('what is kept: was 3, is 2')).toBeInTheDocument();
    expect(screen.getByText('snapshot 1: is gone')).toBeInTheDocument();
    expect(
      await screen.findByText('Under another prefix for the names (“Prefix of all object names”).'),
    ).toBeInTheDocument();
    expect(
      await screen.findByRole('textbox', { name: /Prefix of all object names/ }),
    ).toBeInTheDocument();
  });
});

describe('choices of a draft', () => {
  it('are those of the address', async () => {
    backend.answer('plan', () => planOf());
    backend.answer('getTargets', () => [targetOf()]);
    backend.answer('getMigrations', () => []);
    renderPages(
      backend.client,
      '/vm-migrate/new?vm=lab%2Fweb-1&keep=names&snapshot=1&snapshot=3&class=bulk&prefix=shop',
    );
    expect(await screen.findByRole('radio', { name: 'By name' })).toBeChecked();
    await waitFor(() =>
      expect(asked('plan').at(-1)).toEqual({
        vm: 'lab/web-1',
        options: {
          storageClass: 'bulk',
          keep: { rule: 'names', names: ['snapshot 1', 'snapshot 3'] },
          namePrefix: 'shop',
        },
      }),
    );
  });
});
