export * from '@vm-migrate/api';
export * from './annotations';
export * from './claims';
export * from './permissions';
export * from './template-choices';
