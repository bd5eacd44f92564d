import { screen, within } from '@testing-library/react';
import { FakeBackend } from '../testing/fake-backend';
import { renderPages } from '../testing/render-pages';

describe('pages', () => {
  const backend = new FakeBackend();

  it('shows what is migrated', async () => {
    const byState = { running: 0, paused: 0, failed: 0, migrated: 0, canceled: 0 };
    backend.answer('getMigrations', () => []);
    backend.answer('countMigrations', () => ({ total: 0, byState }));
    backend.answer('getPlace', () => FakeBackend.failure(403, 'ACCESS_DENIED', 'no'));
    renderPages(backend.client);
    expect(await screen.findByText('Live')).toBeInTheDocument();
    expect(
      within(screen.getByRole('navigation', { name: 'VM migrations' })).getByRole('link', {
        name: 'New migration',
      }),
    ).toHaveAttribute('href', '/vm-migrate/new');
  });
});
