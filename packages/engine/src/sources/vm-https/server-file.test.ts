import { appendFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import type { LookupAddress } from 'node:dns';
import type { ServerResponse } from 'node:http';
import path from 'node:path';

import { KIB, MIB } from '../../bytes';
import { seededNumbers } from '../../testing/encoders/grains';
import { fileServer, type Fault } from '../../testing/file-server';
import { seededBytes } from '../../testing/seeded-bytes';
import { tempFolder } from '../../testing/temp-folder';
import type { ServerAddress } from '../source';
import { BLOCK_BYTES } from './block-cache';
import { listFolder } from './list-folder';
import { openServerFile, type ServerFile } from './server-file';
import { SourceServer, type ServerSeams } from './source-server';

const server = fileServer();
const weak = fileServer({ etags: 'weak' });
const scratch = tempFolder();
let counter = 0;

const FAST = { attempts: 4, firstPauseMs: 1, silentMs: 1_500, wholeMs: 5_000 };

function client(
  change: Partial<ServerAddress> = {},
  seams: ServerSeams = {},
  at = server,
): SourceServer {
  const address = {
    url: at.urlOf(scratch),
    caPem: at.caPem,
    datastores: {},
    allowAddresses: ['127.0.0.1'],
    denyAddresses: [],
    allowPlainHttp: false,
  };
  return new SourceServer({ ...address, ...change }, { settings: FAST, ...seams });
}

function newFile(bytes: Uint8Array): string {
  const file = path.join(scratch, `file ${(counter += 1)}`);
  writeFileSync(file, bytes);
  return file;
}

async function opened(
  bytes: Uint8Array,
  at = server,
): Promise<{ file: ServerFile; local: string }> {
  const local = newFile(bytes);
  return { file: await openServerFile(client({}, {}, at), at.origin + local), local };
}

/** Of a block that is not the first one, which comes with the opening. */
const FAR = BLOCK_BYTES * 3 + 5;

async function bytesAt(file: ServerFile, offset = FAR, length = 1000): Promise<Buffer> {
  const into = Buffer.alloc(length);
  await file.read(offset, into);
  return into;
}

/** The first `times` requests with a Range are answered by `say`. */
function faulty(times: number, say: (response: ServerResponse, range: string) => void): Fault {
  let left = times;
  return (request, response) => {
    const { range } = request.headers;
    if (range === undefined || left-- <= 0) return false;
    say(response, range);
    return true;
  };
}

const CONTENT = seededBytes(MIB, 9);
const expected = (offset = FAR, length = 1000): Uint8Array =>
  CONTENT.subarray(offset, offset + length);

describe('a file on a server', () => {
  it('gives the same bytes as the file, whatever is read in whatever order', async () => {
    const seed = Number(process.env['READ_SEED'] ?? Date.now() % 1_000_000);
    const next = seededNumbers(seed);
    const content = seededBytes(20 * MIB + 777, seed);
    const { file } = await opened(content);
    const readOnce = async (walk: { at: number }): Promise<void> => {
      const kind = next() % 10;
      const length =
        kind < 6 ? next() % 5000 : kind < 9 ? next() % (600 * KIB) : next() % (9 * MIB);
      const offset = kind % 2 === 0 ? walk.at : next() % content.length;
      const into = Buffer.alloc(Math.min(length, content.length - offset), 0xee);
      await file.read(offset, into);
      if (!into.equals(content.subarray(offset, offset + into.length)))
        throw new Error(`READ_SEED=${seed} replays this: ${into.length} bytes at ${offset}`);
      walk.at = (offset + into.length) % content.length;
    };
    const lanes = Array.from({ length: 4 }, async (_, lane) => {
      const walk = { at: lane * MIB };
      for (let step = 0; step < 60; step++) await readOnce(walk);
    });
    await Promise.all(lanes);
    await file.close();
  });

  it('holds no more than its cache, whatever is read', async () => {
    const local = newFile(seededBytes(40 * MIB, 2));
    const at = client();
    const file = await openServerFile(at, server.origin + local);
    const into = Buffer.alloc(MIB);
    for (let offset = 0; offset < file.sizeBytes; offset += MIB) {
      await file.read(offset, into);
      expect(at.cache.sizeBytes).toBeLessThanOrEqual(16 * MIB);
    }
    await file.close();
    expect(at.cache.sizeBytes).toBe(0);
  });

  it('makes few requests of many small reads, on connections that are kept', async () => {
    const { file } = await opened(seededBytes(8 * MIB, 3));
    const [requests, connections] = [server.requests.length, server.connections];
    const into = Buffer.alloc(512);
    for (let offset = 0; offset < file.sizeBytes; offset += 4096) await file.read(offset, into);
    expect(server.requests.length - requests).toBeLessThan(20);
    expect(server.connections - connections).toBeLessThanOrEqual(8);
    await file.close();
  });

  it('that is empty has no bytes', async () => {
    const { file } = await opened(new Uint8Array(0));
    expect(file.sizeBytes).toBe(0);
    expect(await file.stat()).toMatchObject({ sizeBytes: 0 });
    await expect(file.read(0, Buffer.alloc(1))).rejects.toMatchObject({ code: 'LAYER_DAMAGED' });
  });

  it('that is closed or not there is not read', async () => {
    const { file } = await opened(CONTENT);
    await file.close();
    await expect(bytesAt(file)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await expect(
      openServerFile(client(), `${server.origin}${scratch}/nothing`),
    ).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  it('has size, time and ETag for facts', async () => {
    const { file, local } = await opened(CONTENT);
    utimesSync(local, 1_700_000_000, 1_700_000_000);
    const facts = await file.stat();
    expect(facts).toMatchObject({ sizeBytes: MIB, mtimeNs: '1700000000000000000' });
    expect(facts.inode).toMatch(/^"[0-9a-f]+-100000"$/);
  });
});

describe('a file that changes while it is read is noticed', () => {
  it.each([
    ['by a condition on a strong ETag', server],
    ['by a condition on Last-Modified', weak],
  ])('%s', async (_, at) => {
    const { file, local } = await opened(CONTENT, at);
    expect(await bytesAt(file)).toEqual(Buffer.from(expected()));
    file.forget();
    writeFileSync(local, seededBytes(MIB, 10));
    utimesSync(local, 2_000_000_000, 2_000_000_000);
    await expect(bytesAt(file)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    expect(at.requests.at(-1)?.headers).toHaveProperty(
      at === server ? 'if-match' : 'if-unmodified-since',
    );
  });

  it('by its size', async () => {
    const { file, local } = await opened(CONTENT);
    appendFileSync(local, 'more');
    await expect(bytesAt(file)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });

  it.each([
    ['another ETag', { etag: '"other"' }],
    ['another time', { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }],
    ['another size', { total: MIB + 1 }],
  ])('by %s in the answer of a server that minds no condition', async (_, said) => {
    const { file } = await opened(CONTENT);
    server.fault = faulty(1, (response, range) => {
      const { total = MIB, ...headers } = said as { total?: number };
      sendPart(response, range, { ...headers }, total);
    });
    await expect(bytesAt(file)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });
});

/** What a good server says to `bytes=A-B`, with other headers. */
function sendPart(
  response: ServerResponse,
  range: string,
  headers: Record<string, string>,
  total = MIB,
): void {
  const [, first = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  const bytes = CONTENT.subarray(Number(first), Number(last) + 1);
  response
    .writeHead(206, { 'content-range': `bytes ${first}-${last}/${total}`, ...headers })
    .end(bytes);
}

describe('trouble that passes is waited for', () => {
  it.each([
    ['503', 503],
    ['500', 500],
    ['429', 429],
  ])('HTTP %s', async (_, status) => {
    const { file } = await opened(CONTENT);
    server.fault = faulty(3, response => response.writeHead(status, { 'retry-after': '0' }).end());
    expect(await bytesAt(file)).toEqual(Buffer.from(expected()));
  });

  it('an answer that is cut is gone on with where it ended', async () => {
    const { file } = await opened(CONTENT);
    const seen: string[] = [];
    server.fault = (request, response) => {
      const range = request.headers.range ?? '';
      seen.push(range);
      if (seen.length > 3) return false;
      const [, first = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
      response.writeHead(206, {
        'content-range': `bytes ${first}-${last}/${MIB}`,
        'content-length': Number(last) - Number(first) + 1,
        etag: request.headers['if-match'] ?? '',
      });
      const part = CONTENT.subarray(Number(first), Number(first) + 10_000);
      response.write(part, () => setImmediate(() => response.destroy()));
      return true;
    };
    expect(await bytesAt(file, FAR, 60_000)).toEqual(Buffer.from(expected(FAR, 60_000)));
    expect(seen.slice(0, 3).map(range => range.split('-')[0])).toEqual([
      `bytes=${BLOCK_BYTES * 3}`,
      `bytes=${BLOCK_BYTES * 3 + 10_000}`,
      `bytes=${BLOCK_BYTES * 3 + 20_000}`,
    ]);
  });

  it('a server that is silent for once', async () => {
    const { file } = await opened(CONTENT);
    server.fault = faulty(1, () => undefined);
    expect(await bytesAt(file)).toEqual(Buffer.from(expected()));
  });

  it('but not for ever', async () => {
    const { file } = await opened(CONTENT);
    const from = server.requests.length;
    server.fault = faulty(100, response => response.writeHead(502).end());
    await expect(bytesAt(file)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      retry: 'later',
      found: 'HTTP 502, 4 times',
    });
    expect(server.requests.length - from).toBe(4);
    // What failed is not remembered.
    server.fault = undefined;
    expect(await bytesAt(file)).toEqual(Buffer.from(expected()));
  });
});

describe('an answer that is not what was asked for is refused at once', () => {
  const cases: readonly [string, string, (response: ServerResponse, range: string) => void][] = [
    [
      'the whole file',
      'SOURCE_UNSUITABLE',
      response => response.writeHead(200, { etag: '' }).end(CONTENT),
    ],
    [
      'another range',
      'SOURCE_UNSUITABLE',
      response =>
        response
          .writeHead(206, { 'content-range': `bytes 0-9/${MIB}`, etag: '"e"' })
          .end('0123456789'),
    ],
    [
      'a range without Content-Range',
      'SOURCE_UNSUITABLE',
      response => response.writeHead(206).end('0123456789'),
    ],
    [
      'less than Content-Range says, whole by its own word',
      'SOURCE_UNSUITABLE',
      (response, range) => {
        const [, said = ''] = /^bytes=(.*)$/.exec(range) ?? [];
        response.writeHead(206, { 'content-range': `bytes ${said}/${MIB}` });
        response.write('0123456789');
        response.end();
      },
    ],
    [
      'more than Content-Range says',
      'SOURCE_UNSUITABLE',
      (response, range) => {
        const [, said = ''] = /^bytes=(.*)$/.exec(range) ?? [];
        response.writeHead(206, { 'content-range': `bytes ${said}/${MIB}` }).end(CONTENT);
      },
    ],
    [
      'packed bytes',
      'SOURCE_UNSUITABLE',
      (response, range) => sendPart(response, range, { 'content-encoding': 'gzip' }),
    ],
    ['416', 'SOURCE_UNSUITABLE', response => response.writeHead(416).end()],
    [
      '416 for a shorter file',
      'FILE_CHANGED',
      response => response.writeHead(416, { 'content-range': 'bytes */5' }).end(),
    ],
    ['403', 'FILE_UNREADABLE', response => response.writeHead(403).end()],
    ['404', 'FILE_MISSING', response => response.writeHead(404).end()],
    ['400', 'FILE_UNREADABLE', response => response.writeHead(400).end()],
  ];
  it.each(cases)('%s', async (_, code, say) => {
    const { file } = await opened(CONTENT);
    const from = server.requests.length;
    const known = { etag: (await file.stat()).inode };
    server.fault = faulty(1, (response, range) => {
      const { writeHead } = response;
      // Otherwise of the right version: only the fault itself may be what is noticed.
      response.writeHead = ((status: number, headers: Record<string, string> = {}) =>
        writeHead.call(response, status, { ...headers, ...known })) as typeof writeHead;
      say(response, range);
    });
    await expect(bytesAt(file)).rejects.toMatchObject({ code });
    expect(server.requests.length - from).toBe(2);
  });

  it('neither ETag nor Last-Modified', async () => {
    const local = newFile(CONTENT);
    server.fault = faulty(1, (response, range) =>
      response
        .writeHead(206, { 'content-range': `bytes 0-${BLOCK_BYTES - 1}/${MIB}` })
        .end(range === '' ? '' : CONTENT.subarray(0, BLOCK_BYTES)),
    );
    await expect(openServerFile(client(), server.origin + local)).rejects.toMatchObject({
      code: 'SOURCE_UNSUITABLE',
    });
  });
});

it('cookies of the server go back to it, so that it need not open a session for every request', async () => {
  const local = newFile(CONTENT);
  const seen: (string | undefined)[] = [];
  server.fault = (request, response) => {
    seen.push(request.headers.cookie);
    response.setHeader('set-cookie', ['session="abc"; Path=/; Secure', 'bad\u00e9=x', 'a=b']);
    return false;
  };
  const file = await openServerFile(client(), server.origin + local);
  await bytesAt(file);
  expect(seen).toEqual([undefined, 'session="abc"; a=b']);
});

describe('redirects', () => {
  const redirecting = (to: (url: string) => string): Fault => {
    return (request, response) => {
      response.writeHead(302, { location: to(request.url ?? '') }).end();
      return true;
    };
  };

  it('are followed on the same server', async () => {
    const local = newFile(CONTENT);
    let left = 3;
    server.fault = (request, response) =>
      left-- > 0 ? redirecting(url => url)(request, response) : false;
    const file = await openServerFile(client(), server.origin + local);
    expect(file.sizeBytes).toBe(MIB);
  });

  it.each([
    ['to another host', 'https://example.test/x'],
    ['to another port', 'https://127.0.0.1:1/x'],
    ['to plain HTTP', 'http://127.0.0.1/x'],
    ['to the metadata service of a cloud', 'http://169.254.169.254/latest/meta-data'],
    ['to a file', 'file:///etc/passwd'],
    ['without end', '.'],
  ])('%s are refused', async (_, to) => {
    const local = newFile(CONTENT);
    const from = server.requests.length;
    server.fault = redirecting(() => to);
    await expect(openServerFile(client(), server.origin + local)).rejects.toMatchObject({
      code: 'SOURCE_REFUSED',
    });
    expect(server.requests.length - from).toBe(to === '.' ? 4 : 1);
  });
});

describe('the address', () => {
  const named = (
    resolve: ServerSeams['resolve'],
    change: Partial<ServerAddress> = {},
  ): SourceServer =>
    client(
      { url: server.urlOf(scratch).replace('127.0.0.1', 'files.test'), ...change },
      { resolve },
    );
  const loopback: LookupAddress = { address: '127.0.0.1', family: 4 };

  it('of this machine is not connected to unless that is allowed', async () => {
    expect(() => client({ allowAddresses: [] })).toThrow(
      expect.objectContaining({ code: 'SOURCE_REFUSED' }),
    );
    const connections = server.connections;
    const at = named(async () => [loopback], { allowAddresses: [] });
    await expect(listFolder(at, at.place.root)).rejects.toMatchObject({
      code: 'SOURCE_REFUSED',
      where: { object: 'files.test' },
    });
    expect(server.connections).toBe(connections);
    const allowed = named(async () => [loopback]);
    expect((await listFolder(allowed, allowed.place.root)).length).toBeGreaterThan(0);
  });

  it('is checked at every connection: a name that answers otherwise the next time gains nothing', async () => {
    // 127.0.0.2 is the same server here, and stands for the address that was shown first.
    let asked = 0;
    const at = named(
      async () => {
        asked += 1;
        return asked === 1 ? [loopback] : [{ address: '127.0.0.2', family: 4 }];
      },
      { allowAddresses: ['127.0.0.1'] },
    );
    expect((await listFolder(at, at.place.root)).length).toBeGreaterThan(0);
    at.close();
    await expect(listFolder(at, at.place.root)).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
    expect(asked).toBe(2);
  });

  it('that is connected to is the one that was checked', async () => {
    let asked = 0;
    // The denied address stands first; only the other one may be used.
    const at = named(async () => {
      asked += 1;
      return [{ address: '127.0.0.3', family: 4 }, loopback];
    });
    expect((await listFolder(at, at.place.root)).length).toBeGreaterThan(0);
    expect(asked).toBe(1);
  });
});

describe('TLS', () => {
  it('with a certificate that nothing here vouches for is refused', async () => {
    const at = client({ caPem: undefined });
    await expect(listFolder(at, at.place.root)).rejects.toMatchObject({
      code: 'SOURCE_REFUSED',
      hint: expect.stringContaining('caFile'),
    });
  });

  it('with the certificate of another name is refused', async () => {
    const url = server.urlOf(scratch).replace('127.0.0.1', 'other.test');
    const at = client({ url }, { resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
    await expect(listFolder(at, at.place.root)).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
  });
});

describe('a listing', () => {
  const listed = async (type: string, text: string): Promise<unknown> => {
    server.fault = (_, response) => {
      response.writeHead(200, { 'content-type': type }).end(text);
      return true;
    };
    const at = client();
    return await listFolder(at, at.place.root);
  };

  it.each([
    ['another kind of page', 'text/plain', 'a'],
    ['JSON that is no list', 'application/json', '{"a":1}'],
    ['a list of something else', 'application/json', '[1]'],
  ])('that is %s is refused', async (_, type, text) => {
    await expect(listed(type, text)).rejects.toMatchObject({ code: 'SOURCE_UNSUITABLE' });
  });

  it('has the names of the folder', async () => {
    const at = client();
    const names = (await listFolder(at, at.place.root)).map(({ name }) => name);
    expect(names.sort()).toEqual(readdirSync(scratch).sort());
  });
});
