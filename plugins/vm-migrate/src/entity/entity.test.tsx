import { renderInTestApp } from '@backstage/frontend-test-utils';
import { permissionApiRef } from '@backstage/plugin-permission-react';
import type { Entity } from '@backstage/catalog-model';
import { screen, waitFor } from '@testing-library/react';
import { DESCRIPTIONS } from '../gallery/fixtures/migrations';
import { TREES } from '../gallery/fixtures/trees';
import { linksUnder } from '../surface/links';
import { FakeBackend } from '../testing/fake-backend';
import { giveLayout } from '../testing/layout';
import { permissionsOf, type Allows } from '../testing/permissions';
import { WAITS_FOR_PLACE } from '../testing/views';
import { EntityCard } from './entity-card';
import { EntityHistory } from './entity-history';

giveLayout();
const backend = new FakeBackend();
const { disks: _disks, now: _now, ...running } = DESCRIPTIONS.running.migration;

const entity: Entity = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Resource',
  metadata: {
    name: 'vm-224e',
    annotations: { 'vm-migrate.io/source': 'lab', 'vm-migrate.io/vm-id': '224e' },
  },
  spec: { type: 'virtual-machine' },
};
const surface = { api: backend.client, links: linksUnder('/vm-migrate', undefined) };

function show(part: React.ReactElement, allows: Allows = () => true) {
  return renderInTestApp(part, { apis: [[permissionApiRef, permissionsOf(allows)]] });
}

const asked = (name: string) =>
  backend.calls.filter(call => call.name === name).map(({ input }) => input);

describe("the tab of a VM's entity", () => {
  it('before a migration has the history at the source, and the way to a migration', async () => {
    backend.answer('getMigrations', () => []);
    backend.answer('getTree', () => TREES.before);
    show(<EntityHistory entity={entity} {...surface} />);
    expect(await screen.findByRole('treegrid')).toBeInTheDocument();
    expect(asked('getTree')).toEqual([{ vm: 'lab/224e' }]);
    expect(asked('getMigrations')[0]).toMatchObject({ vm: '224e', source: 'lab', limit: 1 });
    expect(screen.getByRole('button', { name: 'New migration' })).not.toHaveAttribute(
      'aria-disabled',
    );
  });

  it('with a migration has its history, and no second way to start one while it runs', async () => {
    backend.answer('getMigrations', () => [running]);
    backend.answer('getTree', () => TREES.running);
    show(<EntityHistory entity={entity} {...surface} />);
    expect(await screen.findByRole('treegrid')).toBeInTheDocument();
    expect(asked('getTree')[0]).toEqual({ vm: running.id });
    expect(screen.getByRole('link', { name: 'Open the migration' })).toHaveAttribute(
      'href',
      `/vm-migrate/migrations/${running.id}`,
    );
    expect(screen.queryByRole('button', { name: 'New migration' })).toBeNull();
  });

  it('who may not plan is told so', async () => {
    backend.answer('getMigrations', () => []);
    backend.answer('getTree', () => TREES.before);
    show(
      <EntityHistory entity={entity} {...surface} />,
      ({ permission }) => permission.name !== 'vm-migrate.plan',
    );
    const start = await screen.findByRole('button', { name: 'New migration' });
    await waitFor(() => expect(start).toHaveAttribute('aria-disabled', 'true'));
  });

  it('without annotations says which to write, and asks the backend nothing', async () => {
    const bare = {
      ...entity,
      metadata: { name: 'vm-224e', annotations: { 'vm-migrate.io/source': 'lab' } },
    };
    show(<EntityHistory entity={bare} {...surface} />);
    expect(
      await screen.findByRole('heading', { name: 'This entity does not say which VM it is' }),
    ).toBeInTheDocument();
    expect(screen.getByText(/what is missing: vm-migrate\.io\/vm-id$/)).toBeInTheDocument();
    expect(backend.calls).toEqual([]);
  });
});

describe("the card of a VM's entity", () => {
  it('has state and progress', async () => {
    backend.answer('getMigrations', () => [running]);
    show(<EntityCard entity={entity} {...surface} />);
    expect(await screen.findByText('running')).toBeInTheDocument();
    expect(screen.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '41');
    expect(screen.getByText(/2 of 6 snapshots ready/)).toBeInTheDocument();
  });

  it('says what it waits for', async () => {
    const since = new Date(Date.now() - 305_000).toISOString();
    backend.answer('getMigrations', () => [{ ...running, waits: { for: WAITS_FOR_PLACE, since } }]);
    show(<EntityCard entity={entity} {...surface} />);
    const wait = await screen.findByTitle(/^a free place under limit all, 4 at a time \(see: “/);
    expect(wait).toHaveTextContent(/waits for a free place under limit all, 4 at a time, 5m\d\ds$/);
  });

  it('shows why there is no answer', async () => {
    backend.answer('getMigrations', () =>
      FakeBackend.failure(503, 'DATABASE_UNSUITABLE', 'The database is SQLite.', {
        hint: 'Set vmMigrate.database to embedded.',
      }),
    );
    show(<EntityCard entity={entity} {...surface} />);
    expect(await screen.findByText('Set vmMigrate.database to embedded.')).toBeInTheDocument();
  });
});
