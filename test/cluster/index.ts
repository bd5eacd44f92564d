/** What tests on the cluster import. */
export { ensureCluster, isOwnCluster, NotPossibleHere } from './cluster';
export type { Cluster, ClusterOptions } from './cluster';
export type { ComponentName } from './components';
export { describeWithCluster, describeWithOwnCluster } from './describe';
export type { DriverName, Faults } from './drivers';
