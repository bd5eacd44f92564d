/** What lies in a folder of a server, as its listing says. */
import { MIB } from '../../bytes';
import { EngineError } from '../../errors';
import type { ListedEntry } from '../vm-files/vm-folders';
import { entriesOfHtml, entriesOfJson } from './listing';
import { statusTrouble } from './ranges';
import { bodyOf, drop, type SourceServer } from './source-server';

/** A hundred thousand files; a folder with more of them is no folder of VMs. */
const LISTING_BYTES = 32 * MIB;

/** @throws EngineError FILE_MISSING, FILE_UNREADABLE, SOURCE_… */
export async function listFolder(
  server: SourceServer,
  folder: string,
): Promise<readonly ListedEntry[]> {
  const { place } = server;
  const path = place.requestPathOfFolder(folder);
  return await server.persist(folder, async () => {
    const response = await server.ask('GET', path, {
      accept: 'application/json, text/html;q=0.9',
    });
    if (response.statusCode !== 200) {
      drop(response);
      throw statusTrouble(folder, response);
    }
    const type = /^\s*([^;\s]*)/.exec(response.headers['content-type'] ?? '')?.[1]?.toLowerCase();
    if (type !== 'text/html' && type !== 'application/json') {
      drop(response);
      throw noListing(folder, `Content-Type ${type ?? ''}`);
    }
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of bodyOf(response)) {
      length += chunk.length;
      if (length > LISTING_BYTES) throw noListing(folder, `more than ${LISTING_BYTES} bytes`);
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString('utf8');
    const entries =
      type === 'text/html'
        ? entriesOfHtml(text, new URL(path, place.origin), place.query)
        : entriesOfJson(text);
    if (entries === undefined) throw noListing(folder, 'JSON of another kind');
    return entries;
  });
}

function noListing(folder: string, found: string): EngineError {
  return new EngineError('SOURCE_UNSUITABLE', {
    where: { file: folder },
    expected: 'a listing of the folder (HTML with links, or JSON)',
    found,
    hint: 'Turn on listings for this folder: `autoindex on` in nginx, `Options +Indexes` in Apache, `file_server browse` in Caddy.',
  });
}
