/** Every entry of the gallery is drawn, and none of them asks for what its fixtures lack. */
import { renderTestApp } from '@backstage/frontend-test-utils';
import { permissionApiRef } from '@backstage/plugin-permission-react';
import { screen, waitFor } from '@testing-library/react';
import { giveLayout } from '../testing/layout';
import { permissionsOf } from '../testing/permissions';
import { ENTRIES } from './entries';
import { galleryPlugin } from './gallery';

giveLayout();

it('no two entries have one address', () => {
  expect(new Set(ENTRIES.map(({ id }) => id)).size).toBe(ENTRIES.length);
});

it.each(ENTRIES.map(entry => [`${entry.view}: ${entry.state}`, entry] as const))(
  '%s',
  async (_name, { id, shows, refuses }) => {
    renderTestApp({
      features: [galleryPlugin],
      initialRouteEntries: [`/gallery/${id}${'path' in shows ? shows.path : ''}`],
      apis: [[permissionApiRef, permissionsOf(() => refuses !== 'everything')]],
    });
    await screen.findByRole('link', { name: 'All' });
    await waitFor(() => expect(document.body.textContent?.length).toBeGreaterThan(60));
    expect(screen.queryByText(/there is none for/)).toBeNull();
    expect(screen.queryByText(/^Error/)).toBeNull();
  },
);
