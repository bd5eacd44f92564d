import { apiClient, type ApiClient } from '@vm-migrate/backstage-plugin-vm-migrate-common';

/** What both frontend systems of Backstage give: where the backend is, and a fetch that says who asks. */
export interface BackstageApis {
  readonly discovery: { getBaseUrl(pluginId: string): Promise<string> };
  readonly fetch: { readonly fetch: typeof fetch };
}

export function backstageClient({ discovery, fetch }: BackstageApis): ApiClient {
  return apiClient({
    baseUrl: () => discovery.getBaseUrl('vm-migrate'),
    fetch: (...request) => fetch.fetch(...request),
  });
}
