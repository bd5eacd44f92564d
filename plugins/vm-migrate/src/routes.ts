import { createRouteRef } from '@backstage/frontend-plugin-api';

/** The plugin's page; everything else of ours is below it. */
export const rootRouteRef = createRouteRef();
