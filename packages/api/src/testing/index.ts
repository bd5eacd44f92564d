/**
 * Builders of views for tests and for the gallery, on every surface: whole ones, of which a caller
 * names what it is about. Nothing that is published imports this folder, and it is no entry of the
 * package.
 */
export * from './build-migrations';
export * from './build-places';
export * from './build-plans';
export * from './build-trees';
export * from './example-vm';
