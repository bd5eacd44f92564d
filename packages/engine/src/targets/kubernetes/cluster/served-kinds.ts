/** Which kinds an API server serves: those of a CRD may come and go, so what it said is believed for a minute. */
import type { ApiRequests } from './api-requests';
import { parse } from './request-text';
import type { KubeObject, ResourceKind } from './resources';

const BELIEVED_MS = 60_000;

export class ServedKinds {
  private readonly known = new Map<string, { readonly yes: boolean; readonly until: number }>();

  constructor(private readonly requests: ApiRequests) {}

  async has(kind: ResourceKind<KubeObject>): Promise<boolean> {
    const key = `${kind.apiVersion} ${kind.plural}`;
    const known = this.known.get(key);
    if (known !== undefined && known.until > performance.now()) return known.yes;
    const root = kind.apiVersion.includes('/')
      ? `/apis/${kind.apiVersion}`
      : `/api/${kind.apiVersion}`;
    const what = `which kinds of ${kind.apiVersion} are served`;
    const answer = await this.requests.ask({ method: 'GET', path: root }, what, [404]);
    const yes =
      !('failure' in answer) &&
      (parse<{ resources?: { name: string }[] }>(answer, what).resources ?? []).some(
        resource => resource.name === kind.plural,
      );
    this.known.set(key, { yes, until: performance.now() + BELIEVED_MS });
    return yes;
  }
}
