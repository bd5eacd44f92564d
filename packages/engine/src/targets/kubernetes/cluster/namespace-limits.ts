/** What an administrator allows a namespace: read by doctor alone. */
import type { KubeObject, ResourceKind } from './resources';

export interface ResourceQuota extends KubeObject {
  readonly spec?: { readonly hard?: Readonly<Record<string, string>> };
  readonly status?: {
    readonly hard?: Readonly<Record<string, string>>;
    readonly used?: Readonly<Record<string, string>>;
  };
}

export interface LimitRange extends KubeObject {
  readonly spec: {
    readonly limits: readonly {
      readonly type: string;
      readonly min?: Readonly<Record<string, string>>;
      readonly max?: Readonly<Record<string, string>>;
    }[];
  };
}

export const RESOURCE_QUOTA: ResourceKind<ResourceQuota> = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  namespaced: true,
};

export const LIMIT_RANGE: ResourceKind<LimitRange> = {
  apiVersion: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  namespaced: true,
};
