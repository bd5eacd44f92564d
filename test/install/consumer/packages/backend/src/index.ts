import { createBackend } from '@backstage/backend-defaults';

const backend = createBackend();

backend.add(import('@backstage/plugin-app-backend'));
backend.add(import('@backstage/plugin-auth-backend'));
backend.add(import('@backstage/plugin-auth-backend-module-guest-provider'));
backend.add(import('@backstage/plugin-catalog-backend'));
backend.add(import('@backstage/plugin-scaffolder-backend'));
backend.add(import('@backstage/plugin-catalog-backend-module-scaffolder-entity-model'));
backend.add(import('@vm-migrate/backstage-plugin-vm-migrate-backend'));
backend.add(import('@vm-migrate/backstage-plugin-catalog-backend-module-vm-migrate'));
backend.add(import('@vm-migrate/backstage-plugin-scaffolder-backend-module-vm-migrate'));

backend.start();
