/** A real HTTPS server of this machine's files with listings and ranges, and a place to put faults in. */
import { execFileSync } from 'node:child_process';
import {
  createReadStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

/** Answers itself and says true, or leaves the request to the server. */
export type Fault = (request: http.IncomingMessage, response: http.ServerResponse) => boolean;

/** How a folder is listed. */
export type ListingStyle = 'nginx' | 'json' | 'datastore-browser';

export interface FileServerOptions {
  readonly plain?: boolean;
  readonly listing?: ListingStyle;
  /** `weak`, or none at all. */
  readonly etags?: 'strong' | 'weak' | 'none';
  /** Where it listens, asked for before the tests; absent: 127.0.0.1. */
  readonly address?: () => string;
}

export interface FileServer {
  /** `https://ADDRESS:PORT`; paths behind it are those of this machine. */
  readonly origin: string;
  readonly caFile: string;
  readonly caPem: string;
  readonly requests: SeenRequest[];
  connections: number;
  fault: Fault | undefined;
  urlOf(folder: string): string;
}

/** Started before the tests of a describe block, ended after them. */
export function fileServer(options: FileServerOptions = {}): FileServer {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'file-server-'));
  const server = options.plain === true ? http.createServer() : https.createServer();
  let address = '127.0.0.1';
  let certificate = { key: '', cert: '' };
  let port = 0;
  const it: FileServer = {
    get origin() {
      return `${options.plain === true ? 'http' : 'https'}://${address}:${port}`;
    },
    caFile: path.join(folder, 'certificate.pem'),
    get caPem() {
      return certificate.cert;
    },
    requests: [],
    connections: 0,
    fault: undefined,
    urlOf: name => `${it.origin}${name.split('/').map(encodeURIComponent).join('/')}`,
  };
  server.on(options.plain === true ? 'connection' : 'secureConnection', () => it.connections++);
  server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    const { method = '', url = '', headers } = request;
    it.requests.push({ method, url, headers });
    response.on('error', () => undefined);
    if (it.fault?.(request, response) === true) return;
    answer(request, response, options);
  });
  beforeAll(
    () =>
      new Promise<void>(resolve => {
        address = options.address?.() ?? address;
        certificate = selfSigned(folder, address);
        if (server instanceof https.Server) server.setSecureContext(certificate);
        server.listen(0, address, () => {
          port = (server.address() as AddressInfo).port;
          resolve();
        });
      }),
  );
  afterEach(() => {
    it.fault = undefined;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });
  return it;
}

function selfSigned(folder: string, address: string): { key: string; cert: string } {
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'certificate.pem')];
  execFileSync(
    'openssl',
    [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' '),
      ...['-subj', '/CN=vm-migrate test', '-keyout', key, '-out', cert],
      ...['-addext', `subjectAltName=IP:${address},DNS:localhost,DNS:files.test`],
    ],
    { stdio: 'ignore' },
  );
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { listing = 'nginx', etags = 'strong' }: FileServerOptions,
): void {
  const [encoded = '', query = ''] = (request.url ?? '').split('?');
  const file = decodeURIComponent(encoded);
  const facts = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (facts === undefined) {
    response.writeHead(404).end('nothing');
    return;
  }
  if (facts.isDirectory()) {
    if (!file.endsWith('/')) response.writeHead(301, { location: `${encoded}/` }).end();
    else list(response, file, query, listing);
    return;
  }
  const etag = `"${facts.mtimeNs.toString(16)}-${facts.size.toString(16)}"`;
  const headers: http.OutgoingHttpHeaders = {
    'last-modified': facts.mtime.toUTCString(),
    ...(etags === 'none' ? {} : { etag: etags === 'weak' ? `W/${etag}` : etag }),
  };
  const { 'if-match': ifMatch, 'if-unmodified-since': since, range } = request.headers;
  const isStale =
    (ifMatch !== undefined && ifMatch !== etag) ||
    (since !== undefined && Math.floor(Number(facts.mtimeMs) / 1000) * 1000 > Date.parse(since));
  if (isStale) {
    response.writeHead(412, headers).end();
    return;
  }
  sendPart(request, response, file, Number(facts.size), range, headers);
}

function sendPart(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  file: string,
  size: number,
  range: string | undefined,
  headers: http.OutgoingHttpHeaders,
): void {
  const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const start = Number(first);
  const end = Math.min(last === '' ? size - 1 : Number(last), size - 1);
  if (range !== undefined && start >= size) {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    return;
  }
  response.writeHead(range === undefined ? 200 : 206, {
    ...headers,
    'content-length': range === undefined ? size : end - start + 1,
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  if (request.method === 'HEAD' || size === 0) response.end();
  else createReadStream(file, { start, end }).pipe(response);
}

/** As the servers that people have write them. */
function list(
  response: http.ServerResponse,
  folder: string,
  query: string,
  style: ListingStyle,
): void {
  const entries = readdirSync(folder, { withFileTypes: true }).map(entry => ({
    name: entry.name,
    slash: entry.isDirectory() ? '/' : '',
  }));
  if (style === 'json') {
    const items = entries.map(({ name, slash }) => ({
      name,
      type: slash === '' ? 'file' : 'directory',
    }));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(items));
    return;
  }
  const href = (name: string, slash: string): string =>
    style === 'nginx'
      ? `${encodeURIComponent(name)}${slash}`
      : `${folder.split('/').map(encodeURIComponent).join('/')}${encodeURIComponent(name)}?${query.replaceAll('%', '%25').replaceAll('&', '&amp;')}`;
  const links = entries.map(
    ({ name, slash }) =>
      `<a href="${href(name, slash)}">${name.slice(0, 20).replace(/[<&]/g, '_')}${slash}</a>  01-Jan-2026 10:00`,
  );
  response
    .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    .end(`<html><body><h1>Index</h1><a href="../">../</a>\n${links.join('\n')}</body></html>`);
}
