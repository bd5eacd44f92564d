import { screen } from '@testing-library/react';
import { FakeBackend } from '../testing/fake-backend';
import { renderPages } from '../testing/render-pages';

describe('pages', () => {
  const backend = new FakeBackend();

  it('shows what is migrated', async () => {
    backend.answer('getMigrations', () => []);
    renderPages(backend.client);
    expect(await screen.findByText('Live')).toBeInTheDocument();
    expect(screen.getByRole('tab', { name: 'New migration' })).toHaveAttribute(
      'href',
      '/vm-migrate/new',
    );
  });
});
