/** How many entities of a kind the catalog has: it reads its locations and sources a moment after the start. */
import type { Backstage } from './backstage-process';

export async function inCatalog(
  { url, token }: Pick<Backstage, 'url' | 'token'>,
  kind: 'resource' | 'template',
): Promise<number> {
  const answer = await fetch(`${url}/api/catalog/entities?filter=kind=${kind}`, {
    headers: { authorization: `Bearer ${await token()}` },
  });
  return ((await answer.json()) as unknown[]).length;
}
