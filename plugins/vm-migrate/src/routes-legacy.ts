import { createRouteRef } from '@backstage/core-plugin-api';

/** The plugin's page in the old frontend system; everything else of ours is below it. */
export const rootRouteRef = createRouteRef({ id: 'vm-migrate' });
