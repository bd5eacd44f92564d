/**
 * What the operations answer: plain JSON, the same at a terminal, over HTTP and in a page. Times are
 * ISO 8601 strings in UTC, sizes are bytes.
 */
export type * from './views/history';
export type * from './views/maintenance';
export type * from './views/migrations';
export type * from './views/places';
export type * from './views/report';
export type * from './views/trouble';
