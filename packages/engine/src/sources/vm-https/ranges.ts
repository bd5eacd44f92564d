/**
 * Parts of a file by Range requests. Every answer must be of the version that was opened: asked for
 * with If-Match or If-Unmodified-Since, and held to it by ETag, Last-Modified and size once more,
 * because not every server minds the condition.
 */
import type { IncomingMessage } from 'node:http';

import type { ByteRange } from '../../bytes';
import { EngineError } from '../../errors';
import { bodyOf, drop, PassingTrouble, type SourceServer } from './source-server';

export interface FileVersion {
  readonly sizeBytes: number;
  /** Without the mark of a weak one: servers drop it when a file is older than a second. */
  readonly etag: string | undefined;
  /** Strong ETags only. */
  readonly ifMatch: string | undefined;
  readonly lastModified: string | undefined;
}

export interface Glance {
  readonly version: FileVersion;
  /** The file's first bytes. */
  readonly bytes: Buffer;
}

/**
 * The file as it is now, with its first `length` bytes.
 * @throws EngineError FILE_MISSING, FILE_UNREADABLE, SOURCE_…
 */
export async function glanceAt(
  server: SourceServer,
  name: string,
  length: number,
): Promise<Glance> {
  const path = server.place.requestPath(name);
  return await server.persist(name, async () => {
    const response = await server.ask('GET', path, { range: `bytes=0-${length - 1}` });
    if (isEmptyFile(response)) {
      drop(response);
      return { version: await emptyVersion(server, name), bytes: Buffer.alloc(0) };
    }
    if (response.statusCode !== 206) throw notPartial(name, response);
    const { total } = contentRange(name, response);
    const bytes = Buffer.allocUnsafe(Math.min(length, total));
    await takePart(name, response, { offset: 0, length: bytes.length }, 0, (at, chunk) =>
      bytes.set(chunk, at),
    );
    return { version: versionOf(name, response, total), bytes };
  });
}

/**
 * Hands over a part of the file chunk by chunk, in order. A cut answer is gone on with where it ended.
 * @param write `at` counts from the start of the range
 * @throws EngineError FILE_CHANGED, FILE_MISSING, FILE_UNREADABLE, SOURCE_…
 */
export async function readRange(
  server: SourceServer,
  name: string,
  version: FileVersion,
  range: ByteRange,
  write: (at: number, chunk: Buffer) => void,
): Promise<void> {
  const path = server.place.requestPath(name);
  const end = range.offset + range.length;
  let done = 0;
  await server.persist(name, async () => {
    if (done === range.length) return;
    const response = await server.ask('GET', path, {
      range: `bytes=${range.offset + done}-${end - 1}`,
      ...conditionOf(version),
    });
    if (response.statusCode !== 206) throw changedOrNotPartial(name, version, response);
    const { total } = contentRange(name, response);
    assertSameVersion(name, version, response, total);
    const rest = { offset: range.offset + done, length: range.length - done };
    await takePart(name, response, rest, done, (at, chunk) => {
      write(at, chunk);
      done = at + chunk.length;
    });
  });
}

function conditionOf({ ifMatch, lastModified }: FileVersion): Record<string, string> {
  if (ifMatch !== undefined) return { 'if-match': ifMatch };
  return lastModified === undefined ? {} : { 'if-unmodified-since': lastModified };
}

/** Reads the body of a 206, which must be exactly `part`. */
async function takePart(
  name: string,
  response: IncomingMessage,
  part: ByteRange,
  start: number,
  write: (at: number, chunk: Buffer) => void,
): Promise<void> {
  assertPart(name, response, part);
  let got = 0;
  for await (const chunk of bodyOf(response)) {
    if (got + chunk.length > part.length)
      throw unsuitable(name, `${part.length} bytes`, 'more of them');
    write(start + got, chunk);
    got += chunk.length;
  }
  if (got === part.length) return;
  // Without a length or chunks, the end of the connection is the end of the body: it may have been cut.
  if (response.headers['transfer-encoding'] === undefined)
    throw new PassingTrouble('the answer was cut');
  throw unsuitable(name, `${part.length} bytes`, `only ${got}`);
}

function assertPart(name: string, response: IncomingMessage, part: ByteRange): void {
  const { headers } = response;
  const { first, last } = contentRange(name, response);
  const wanted = `bytes ${part.offset}-${part.offset + part.length - 1}`;
  const encoding = headers['content-encoding'] ?? 'identity';
  const length = headers['content-length'];
  const fault =
    first !== part.offset || last !== part.offset + part.length - 1
      ? headers['content-range']
      : encoding !== 'identity'
        ? `Content-Encoding ${encoding}`
        : length !== undefined && Number(length) !== part.length
          ? `Content-Length ${length}`
          : undefined;
  if (fault === undefined) return;
  drop(response);
  throw unsuitable(name, `${wanted}, as they are`, fault ?? 'something else');
}

interface ContentRange {
  readonly first: number;
  readonly last: number;
  readonly total: number;
}

function contentRange(name: string, response: IncomingMessage): ContentRange {
  const said = response.headers['content-range'];
  const [, first, last, total] = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(said ?? '') ?? [];
  const range = { first: Number(first), last: Number(last), total: Number(total) };
  if (Number.isSafeInteger(range.total) && range.first <= range.last && range.last < range.total)
    return range;
  drop(response);
  throw unsuitable(name, 'Content-Range: bytes FIRST-LAST/SIZE', said ?? 'no Content-Range');
}

/** A range of an empty file cannot be satisfied; some servers say so, some answer with nothing. */
function isEmptyFile({ statusCode, headers }: IncomingMessage): boolean {
  if (statusCode === 416) return headers['content-range'] === 'bytes */0';
  return statusCode === 200 && headers['content-length'] === '0';
}

async function emptyVersion(server: SourceServer, name: string): Promise<FileVersion> {
  const response = await server.ask('HEAD', server.place.requestPath(name), {});
  drop(response);
  if (response.statusCode !== 200) throw notPartial(name, response);
  return versionOf(name, response, 0);
}

function versionOf(name: string, { headers }: IncomingMessage, sizeBytes: number): FileVersion {
  const { etag, 'last-modified': lastModified } = headers;
  if (etag === undefined && lastModified === undefined)
    throw unsuitable(name, 'an ETag or Last-Modified, by which a change can be noticed', 'neither');
  return {
    sizeBytes,
    etag: etag?.replace(/^W\//, ''),
    ifMatch: etag?.startsWith('W/') === true ? undefined : etag,
    lastModified,
  };
}

function assertSameVersion(
  name: string,
  version: FileVersion,
  response: IncomingMessage,
  sizeBytes: number,
): void {
  const { etag, 'last-modified': lastModified } = response.headers;
  const pairs: readonly [string | undefined, string | undefined][] = [
    [`${version.sizeBytes} bytes`, `${sizeBytes} bytes`],
    [version.etag, etag?.replace(/^W\//, '')],
    [version.lastModified, lastModified],
  ];
  const compared = pairs.filter(([was, is]) => was !== undefined && is !== undefined);
  const difference = compared.find(([was, is]) => was !== is);
  if (difference === undefined && compared.length > 1) return;
  response.destroy();
  if (difference === undefined)
    throw unsuitable(name, 'the ETag or Last-Modified of the file in every answer', 'neither');
  throw changed(name, `${difference[0] ?? ''}, as when it was opened`, difference[1] ?? '');
}

function changedOrNotPartial(
  name: string,
  version: FileVersion,
  response: IncomingMessage,
): EngineError {
  const { statusCode, headers } = response;
  if (statusCode === 412) {
    drop(response);
    return changed(name, 'the file as it was opened', 'another version of it');
  }
  if (statusCode === 416) {
    drop(response);
    const total = /^bytes \*\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
    if (total !== undefined && Number(total) !== version.sizeBytes)
      return changed(name, `${version.sizeBytes} bytes, as when it was opened`, `${total} bytes`);
  }
  if (statusCode === 200) {
    try {
      const length = headers['content-length'];
      assertSameVersion(
        name,
        version,
        response,
        length === undefined ? version.sizeBytes : Number(length),
      );
    } catch (error) {
      if (error instanceof EngineError && error.code === 'FILE_CHANGED') return error;
    }
  }
  return notPartial(name, response);
}

function notPartial(name: string, response: IncomingMessage): EngineError {
  drop(response);
  const { statusCode } = response;
  if (statusCode !== 200 && statusCode !== 416) return statusTrouble(name, response);
  return unsuitable(
    name,
    'the part of the file that was asked for (206)',
    statusCode === 200 ? 'the whole file (200): the server does not do Range' : 'HTTP 416',
  );
}

const HINTS: Readonly<Record<number, string>> = {
  401: 'The server wants other credentials: see `credentials` of the source.',
  403: 'The server wants other credentials (see `credentials` of the source), or does not list folders (`autoindex on` in nginx).',
};

/** For an answer that is neither what was asked for nor a redirect nor passing. */
export function statusTrouble(name: string, { statusCode }: IncomingMessage): EngineError {
  if (statusCode === 404 || statusCode === 410)
    return new EngineError('FILE_MISSING', { where: { file: name } });
  const hint = HINTS[statusCode ?? 0];
  return new EngineError('FILE_UNREADABLE', {
    where: { file: name },
    found: `HTTP ${statusCode}`,
    ...(hint === undefined ? {} : { hint }),
  });
}

function changed(name: string, expected: string, found: string): EngineError {
  return new EngineError('FILE_CHANGED', {
    where: { file: name },
    expected,
    found,
    hint: 'Something wrote to the file or replaced it. Plan the VM again: `kubectl vm-migrate plan`.',
  });
}

function unsuitable(name: string, expected: string, found: string): EngineError {
  return new EngineError('SOURCE_UNSUITABLE', {
    where: { file: name },
    expected,
    found,
    hint: 'Serve the folder with a server of static files that does Range requests, without a rewriting proxy in front.',
  });
}
