import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { MigrationView, ObjectView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { FakeBackend } from '../../testing/fake-backend';
import { renderPages, type RenderHow } from '../../testing/render-pages';
import { migrationOf, objectOf, WAITS_FOR_PLACE } from '../../testing/views';

const backend = new FakeBackend();
const user = userEvent.setup();

const error = { code: 'VOLUME_IO', message: 'The volume does not answer.', hint: 'Look at it.' };
const running = migrationOf({ id: 'm-run', vm: 'web-1', owner: 'group:default/ops' });
const failed = migrationOf({ id: 'm-fail', vm: 'db-1', state: 'failed', error });
const migrated = migrationOf({ id: 'm-done', vm: 'mail', state: 'migrated' });

function show(
  migrations: readonly MigrationView[],
  path = '/vm-migrate',
  how?: RenderHow,
  total = migrations.length,
) {
  const byState = { running: 0, paused: 0, failed: 0, migrated: 0, canceled: 0 };
  for (const { state } of migrations) byState[state] += 1;
  backend.answer('getMigrations', () => [...migrations]);
  backend.answer('countMigrations', () => ({ total, byState }));
  backend.answer('getPlace', () => ({
    database: 'embedded',
    storeId: 's',
    schemaVersion: 1,
    sources: ['lab', 'attic'],
    targets: ['cluster'],
    workers: 1,
    migrations: byState,
  }));
  return renderPages(backend.client, path, how);
}

const asked = (name: string) =>
  backend.calls.filter(call => call.name === name).map(({ input }) => input);

describe('list of migrations', () => {
  it('shows how far each is, with its error', async () => {
    show([running, failed]);
    const row = (await screen.findByRole('link', { name: 'web-1' })).closest('[role=row]');
    expect(row).not.toBeNull();
    const cells = within(row as HTMLElement);
    expect(cells.getByRole('progressbar', { name: 'Progress of web-1' })).toHaveAttribute(
      'aria-valuenow',
      '25',
    );
    expect(cells.getByText('running')).toBeInTheDocument();
    expect(screen.getByRole('link', { name: 'web-1' })).toHaveAttribute(
      'href',
      '/vm-migrate/migrations/m-run',
    );
    expect(screen.getByText('VOLUME_IO')).toBeInTheDocument();
  });

  it('says what only waits, for what and how long, once that is no moment any more', async () => {
    const since = (ms: number) => new Date(Date.now() - ms).toISOString();
    show([
      { ...running, waits: { for: WAITS_FOR_PLACE, since: since(305_000) } },
      { ...running, id: 'm-2', vm: 'web-2', waits: { for: 'its turn', since: since(5_000) } },
      { ...running, id: 'm-3', vm: 'web-3', waits: { for: 'its turn', since: null } },
    ]);
    const rowOf = async (vm: string) =>
      (await screen.findByRole('link', { name: vm })).closest('[role=row]');
    expect(await rowOf('web-1')).toHaveTextContent(
      /waits for a free place under limit all, 4 at a time, 5m\d\ds/,
    );
    expect(await rowOf('web-2')).not.toHaveTextContent('waits');
    expect(await rowOf('web-3')).toHaveTextContent(/waits for its turn(?!,)/);
  });

  it('shows a name that means harm as what it is, in the list and in the question', async () => {
    const vm = 'photo\u202egpj';
    const said = 'photo\\u202egpj';
    show([
      { ...running, vm },
      { ...migrated, vm: 'x\u202ey' },
    ]);
    const link = await screen.findByRole('link', { name: said });
    expect(link).toHaveAttribute('title', said);
    expect(screen.getByRole('progressbar', { name: `Progress of ${said}` })).toBeInTheDocument();
    for (const box of screen.getAllByRole('checkbox').slice(1)) await user.click(box);
    await user.click(screen.getByRole('button', { name: 'Pause' }));
    const dialog = await screen.findByRole('dialog');
    expect(dialog).toHaveTextContent(said);
    expect(dialog).toHaveTextContent('x\\u202ey');
    expect(document.body.textContent).not.toContain('\u202e');
  });

  it('asks for what the address says, and a filter changes the address', async () => {
    show([failed], '/vm-migrate?q=db&state=failed&sort=vm&size=10&source=lab');
    expect(await screen.findByRole('link', { name: 'db-1' })).toBeInTheDocument();
    expect(asked('getMigrations')[0]).toEqual({
      text: 'db',
      source: 'lab',
      states: ['failed'],
      sort: { by: 'vm', order: 'asc' },
      limit: 10,
      offset: 0,
    });
    // Beside each state stands how many there are of it: its filter is not part of that question.
    expect(asked('countMigrations')[0]).toEqual({ text: 'db', source: 'lab' });
    await user.click(screen.getByRole('button', { name: /^failed/ }));
    await waitFor(() => expect(asked('getMigrations').at(-1)).not.toHaveProperty('states'));
  });

  it('leads to a first migration where there is none', async () => {
    show([]);
    expect(await screen.findByText('Nothing has been migrated yet')).toBeInTheDocument();
    for (const link of screen.getAllByRole('link', { name: 'New migration' }))
      expect(link).toHaveAttribute('href', '/vm-migrate/new');
  });

  it('says how to see others where no migration fits', async () => {
    show([], '/vm-migrate?q=nobody');
    expect(await screen.findByText('No migration fits these filters')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Show all' }));
    await waitFor(() => expect(asked('getMigrations').at(-1)).not.toHaveProperty('text'));
  });

  it('goes through the pages', async () => {
    show([running], '/vm-migrate?size=10', undefined, 35);
    await screen.findByRole('link', { name: 'web-1' });
    expect(screen.getByText('1 to 10 of 35')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: /next/i }));
    await waitFor(() => expect(asked('getMigrations').at(-1)).toMatchObject({ offset: 10 }));
  });

  it('shows the remedy where the backend has no suitable database', async () => {
    backend.answer('getMigrations', () =>
      FakeBackend.failure(503, 'DATABASE_UNSUITABLE', 'vm-migrate needs PostgreSQL.', {
        hint: 'Set vmMigrate.database: embedded.',
      }),
    );
    backend.answer('countMigrations', () =>
      FakeBackend.failure(503, 'DATABASE_UNSUITABLE', 'vm-migrate needs PostgreSQL.'),
    );
    backend.answer('getPlace', () => FakeBackend.failure(503, 'DATABASE_UNSUITABLE', 'no'));
    renderPages(backend.client);
    expect(await screen.findByText('Set vmMigrate.database: embedded.')).toBeInTheDocument();
  });
});

describe('acts on several migrations', () => {
  const select = async (...vms: string[]) => {
    for (const vm of vms) {
      const row = (await screen.findByRole('link', { name: vm })).closest('[role=row]');
      await user.click(within(row as HTMLElement).getByRole('checkbox'));
    }
  };

  it('cancels those that can be, names the objects, and says what failed and why', async () => {
    show([running, failed, migrated]);
    await select('web-1', 'db-1', 'mail');
    const object = (migration: string, name: string, rest: Partial<ObjectView> = {}) =>
      objectOf({ migration, name, ...rest });
    backend.answer('getObjects', () => [
      object('m-run', 'web-main', { kind: 'volume', purpose: 'main' }),
      object('m-run', 'cut-1', { snapshot: 'Before upgrade' }),
      object('m-run', 'cut-2', { purpose: 'fork' }),
      object('m-run', 'cut-3', { state: 'planned' }),
      object('m-fail', 'db-main', { kind: 'volume', purpose: 'main' }),
      ...[1, 2, 3, 4, 5, 6].map(nth => object('m-fail', `db-cut-${nth}`)),
    ]);
    backend.answer('cancel', ({ migration }) =>
      migration === failed.id
        ? FakeBackend.failure(504, 'TIMED_OUT', 'Its steps do not let go.', { hint: 'Ask again.' })
        : { ...running, state: 'canceled' },
    );
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Cancel 2 migrations?' }));
    const of = (vm: string) => within(dialog.getByRole('region', { name: vm }));
    expect(await dialog.findByText('Keeps 2 volumes and 8 VolumeSnapshots.')).toBeInTheDocument();
    expect(asked('getObjects')).toEqual([{ migrations: ['m-run', 'm-fail'] }]);
    expect(of('web-1').getByText('cut-1')).toBeInTheDocument();
    // Long lists say how many more there are, and show them when asked to.
    expect(of('db-1').queryByText('db-cut-6')).toBeNull();
    await user.click(of('db-1').getByRole('button', { name: 'and 3 more' }));
    expect(of('db-1').getByText('db-cut-6')).toBeInTheDocument();
    expect(of('web-1').getByText('1 more was planned and will not be made.')).toBeInTheDocument();
    expect(dialog.getByText('One more is selected and is left alone:')).toBeInTheDocument();
    expect(dialog.getByRole('radio', { name: /Keep all of them/ })).toBeChecked();
    await user.click(dialog.getByRole('radio', { name: /Keep the VolumeSnapshots/ }));
    expect(dialog.getByText(/^Removes 2 volumes and 1 VolumeSnapshot\. Keeps 7/)).toHaveAttribute(
      'role',
      'status',
    );
    const list = (fate: RegExp) =>
      of('web-1')
        .getByRole('list', { name: fate })
        .textContent?.match(/web-main|cut-\d/g);
    expect(list(/^Removed for good/)).toEqual(['web-main', 'cut-2']);
    expect(list(/^Kept/)).toEqual(['cut-1']);
    await user.click(dialog.getByRole('button', { name: 'Cancel 2 migrations' }));
    expect(await dialog.findByText('1 of 2 done, 1 failed')).toBeInTheDocument();
    expect(dialog.getByText('Ask again.')).toBeInTheDocument();
    // At once, so in any order.
    expect(asked('cancel')).toHaveLength(2);
    for (const migration of ['m-run', 'm-fail'])
      expect(asked('cancel')).toContainEqual({ migration, objects: 'keep-snapshots' });
    // Only the one that failed is asked for again.
    await user.click(dialog.getByRole('button', { name: 'Try the failed one again' }));
    await waitFor(() => expect(asked('cancel')).toHaveLength(3));
    expect(asked('cancel')[2]).toEqual({ migration: 'm-fail', objects: 'keep-snapshots' });
  });

  it('says why an act is not possible, reachable by keyboard', async () => {
    show([migrated]);
    await select('mail');
    const pause = screen.getByRole('button', { name: 'Pause' });
    await waitFor(() => expect(pause).toHaveAttribute('aria-disabled', 'true'));
    await user.tab();
    pause.focus();
    expect(await screen.findByRole('tooltip')).toHaveTextContent(
      'None of the selected migrations can be paused.',
    );
    await user.keyboard('{Enter}');
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('leaves alone those that the person may not steer', async () => {
    show([running, failed], '/vm-migrate', {
      allows: asked => !('resourceRef' in asked) || asked.resourceRef === 'm-fail',
    });
    await select('web-1', 'db-1');
    const retry = screen.getByRole('button', { name: 'Retry' });
    await waitFor(() => expect(retry).not.toHaveAttribute('aria-disabled'));
    await user.click(retry);
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByText(/You may not steer it/)).toBeInTheDocument();
    backend.answer('retry', () => failed);
    await user.click(dialog.getByRole('button', { name: 'Retry' }));
    await waitFor(() => expect(asked('retry')).toEqual([{ migration: 'm-fail' }]));
  });
});
