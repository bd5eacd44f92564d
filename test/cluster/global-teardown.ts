export { default } from '../engine/global-teardown';
