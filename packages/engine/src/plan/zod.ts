/** The one place of this folder that names the schema library: the v3 API, as everywhere in vm-migrate. */
export { z } from 'zod/v3';
