/**
 * Stands on loopback between a client and the API server, with a certificate of the cluster's own,
 * and does what networks, balancers and busy servers do. Without a treatment it passes everything on,
 * streams included.
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import type { Cluster } from './cluster';
import { existingInstance } from './instance';
import { pkiFile } from './pki';

export type Treatment =
  /** An answer that the API server never gave. */
  | { readonly does: 'answer'; readonly status: number; readonly retryAfterSeconds?: number }
  /** The request is taken, and nobody ever answers. */
  | { readonly does: 'hang' }
  /** The connection is closed before the API server has seen the request. */
  | { readonly does: 'cut' }
  /** The API server has done what was asked, and the connection is closed before it can say so. */
  | { readonly does: 'lose-answer' }
  /** A stream begins well and is cut after that time. */
  | { readonly does: 'cut-later'; readonly afterMs: number }
  /** 200 with nothing in it: what is left of a log that was rotated away. */
  | { readonly does: 'empty' };

export interface TreatedRequests {
  /** Of `GET /api/v1/namespaces/ns/pods?watch=1`; absent: all. */
  readonly which?: RegExp;
  /** Every so many-th of them; absent: each. */
  readonly every?: number;
}

export interface ApiProxy {
  /** For the `server` of a kubeconfig; the cluster's own authority vouches for it. */
  readonly url: string;
  /** Treats requests so from now on. The later one counts where two would. Answers how to end it, which tells how many met it. */
  treat(treatment: Treatment, requests?: TreatedRequests): () => number;
  /** Cuts everything that is under way. */
  cutAll(): void;
  /** Nobody listens any more, as where the API server has no balancer before it. Answers how to listen again. */
  shut(): () => Promise<void>;
  close(): Promise<void>;
}

interface Rule {
  readonly treatment: Treatment;
  readonly which: RegExp;
  readonly every: number;
  seen: number;
  met: number;
}

/** @throws Error where the cluster is not one of ours */
export async function openApiProxy(cluster: Cluster): Promise<ApiProxy> {
  const instance = existingInstance(cluster.name);
  if (instance === undefined) throw new Error(`${cluster.name} is no cluster of this machine`);
  const pki = (file: string) => readFileSync(pkiFile(instance, file));
  const ca = pki('ca.crt');
  const agent = new https.Agent({ keepAlive: true, ca });
  const rules: Rule[] = [];
  const sockets = new Set<Duplex>();

  const server = https.createServer(
    { cert: pki('apiserver.crt'), key: pki('apiserver.key') },
    (request, response) => {
      const words = `${request.method ?? ''} ${request.url ?? ''}`;
      const treatment = treatmentOf(rules, words);
      switch (treatment?.does) {
        case 'hang':
          request.resume();
          return;
        case 'cut':
          request.socket.destroy();
          return;
        case 'answer':
          request.resume();
          refuse(response, treatment);
          return;
        case 'empty':
          request.resume();
          response.writeHead(200, { 'content-type': 'text/plain' }).end();
          return;
        default:
          pass(request, response, treatment);
      }
    },
  );
  server.on('connection', socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.on('tlsClientError', () => undefined);
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;

  function pass(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    treatment: Treatment | undefined,
  ): void {
    const upstream = https.request(
      {
        host: '127.0.0.1',
        port: instance?.ports.api,
        method: request.method,
        path: request.url,
        headers: request.headers,
        agent,
      },
      answer => {
        if (treatment?.does === 'lose-answer') {
          answer.resume();
          answer.on('close', () => request.socket.destroy());
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        response.flushHeaders();
        answer.pipe(response);
        // An answer that was cut short must not look like one that has ended.
        answer.on('error', () => request.socket.destroy());
        if (treatment?.does === 'cut-later') {
          const timer = setTimeout(() => request.socket.destroy(), treatment.afterMs);
          answer.on('close', () => clearTimeout(timer));
        }
      },
    );
    upstream.on('error', () => request.socket.destroy());
    request.on('error', () => upstream.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  let closed: Promise<void> | undefined;
  return {
    url: `https://127.0.0.1:${port}`,
    treat(treatment, { which = /^/, every = 1 } = {}) {
      const rule: Rule = { treatment, which, every, seen: 0, met: 0 };
      rules.unshift(rule);
      return () => {
        const at = rules.indexOf(rule);
        if (at >= 0) rules.splice(at, 1);
        // Whoever hangs would hang for ever.
        if (treatment.does === 'hang' && at >= 0) cutAll();
        return rule.met;
      };
    },
    cutAll,
    shut() {
      closed = new Promise(resolve => server.close(() => resolve()));
      cutAll();
      return async () => {
        await closed;
        closed = undefined;
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject);
          server.listen(port, '127.0.0.1', () => {
            server.off('error', reject);
            resolve();
          });
        });
      };
    },
    async close() {
      closed ??= new Promise(resolve => server.close(() => resolve()));
      cutAll();
      agent.destroy();
      await closed;
    },
  };
}

function treatmentOf(rules: readonly Rule[], words: string): Treatment | undefined {
  const rule = rules.find(({ which }) => which.test(words));
  if (rule === undefined) return undefined;
  rule.seen += 1;
  if (rule.seen % rule.every !== 0) return undefined;
  rule.met += 1;
  return rule.treatment;
}

function refuse(
  response: http.ServerResponse,
  { status, retryAfterSeconds }: Extract<Treatment, { does: 'answer' }>,
): void {
  const text = JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: 'the proxy of the test says so',
    reason: status === 429 ? 'TooManyRequests' : 'InternalError',
    code: status,
  });
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
  response.end(text);
}
