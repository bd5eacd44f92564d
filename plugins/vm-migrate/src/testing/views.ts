/** Views for tests of pages and for the gallery: the same builders as every other surface's tests have. */
export * from '../../../../packages/api/src/testing';
