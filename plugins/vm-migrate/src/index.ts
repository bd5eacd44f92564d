/** vm-migrate in Backstage's new frontend system. For the old one see `./legacy`. */
export { vmMigratePlugin as default } from './plugin';
export { vmMigrateApiRef } from './surface/api-ref';
export { vmMigrateTranslationRef } from './translations/ref';
