/**
 * The one place that imports zod. The v3 form that zod 4 carries: the hosts that render these schemas
 * into actions and JSON schemas take v3 objects, and a v4 object yields an empty schema there without
 * an error.
 */
export * from 'zod/v3';
