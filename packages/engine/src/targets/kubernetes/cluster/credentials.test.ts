/** Kubeconfigs as kubectl takes them, read by client-node, against a server that shows who came. */
import type { IncomingHttpHeaders } from 'node:http';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { EngineError } from '../../../errors';
import { FakeApiServer } from '../../../testing/fake-api-server';
import './client-node'; // loads now, which in jest takes longer than a test may
import type { ClusterAddress } from './credentials';
import { openCluster } from './http-cluster-api';
import { PERSISTENT_VOLUME_CLAIM } from './resources';

let folder: string;
let server: FakeApiServer;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'vmm-kubeconfig-'));
  server = await FakeApiServer.start();
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** JSON is YAML. */
async function kubeconfig(user: object, change: object = {}): Promise<string> {
  const file = path.join(folder, 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'lab', cluster: { server: `${server.url}/`, 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'jane', user }],
    contexts: [
      { name: 'main', context: { cluster: 'lab', user: 'jane', namespace: 'vms' } },
      { name: 'bare', context: { cluster: 'lab', user: 'jane' } },
    ],
    'current-context': 'main',
    ...change,
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

/** Path and headers of one request that is made so. */
async function requestAs(address: ClusterAddress): Promise<{
  path: string | undefined;
  headers: IncomingHttpHeaders;
  namespace: string;
}> {
  const api = openCluster(address, { retry: { tries: 2, firstMs: 1, maxMs: 1 } });
  await api.get(PERSISTENT_VOLUME_CLAIM, 'web-0');
  api.close();
  const request = server.requests.at(-1);
  return { path: request?.path, headers: request?.headers ?? {}, namespace: api.namespace };
}

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'no error',
    error => (error instanceof EngineError ? `${error.code} ${error.message}` : error),
  );

it("takes the current context's namespace and token", async () => {
  const file = await kubeconfig({ token: 'secret' });
  const { path: asked, headers, namespace } = await requestAs({ kubeconfig: file });
  expect(asked).toBe('/api/v1/namespaces/vms/persistentvolumeclaims/web-0');
  expect(headers.authorization).toBe('Bearer secret');
  expect(namespace).toBe('vms');
});

it('takes another context, whose namespace is "default" when it names none, and a named namespace', async () => {
  const file = await kubeconfig({ token: 'secret' });
  expect((await requestAs({ kubeconfig: file, context: 'bare' })).namespace).toBe('default');
  expect((await requestAs({ kubeconfig: file, namespace: 'other' })).namespace).toBe('other');
});

it('asks an exec plugin for the token', async () => {
  const plugin = path.join(folder, 'plugin');
  const credential = {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token: 'from-plugin' },
  };
  await writeFile(plugin, `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
  await chmod(plugin, 0o700);
  const exec = { apiVersion: credential.apiVersion, command: plugin, interactiveMode: 'Never' };
  const { headers } = await requestAs({ kubeconfig: await kubeconfig({ exec }) });
  expect(headers.authorization).toBe('Bearer from-plugin');
});

it('acts as another user and groups', async () => {
  const file = await kubeconfig({ token: 'secret' });
  const { headers } = await requestAs({ kubeconfig: file, as: 'ann', asGroups: ['ops', 'vms'] });
  expect(headers['impersonate-user']).toBe('ann');
  expect(headers['impersonate-group']).toBe('ops, vms'); // how Node shows two headers of a name
});

it('reads the kubeconfig again when the login is refused: its token may have been replaced', async () => {
  const file = await kubeconfig({ token: 'old' });
  const api = openCluster({ kubeconfig: file }, { retry: { tries: 2, firstMs: 1, maxMs: 1 } });
  await api.get(PERSISTENT_VOLUME_CLAIM, 'web-0');
  await kubeconfig({ token: 'new' });
  server.failNext(request => request.headers.authorization === 'Bearer old', { status: 401 }, 9);
  await api.get(PERSISTENT_VOLUME_CLAIM, 'web-0');
  expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer new');
  api.close();
});

it('says by name what is wrong with a kubeconfig', async () => {
  const missing = path.join(folder, 'missing');
  expect(await codeOf(requestAs({ kubeconfig: missing }))).toMatch(/^CONFIG_INVALID .*missing/);
  const file = await kubeconfig({ token: 'secret' });
  expect(await codeOf(requestAs({ kubeconfig: file, context: 'nowhere' }))).toMatch(
    /^CONFIG_INVALID .*nowhere.*main, bare/,
  );
  expect(await codeOf(requestAs({ kubeconfig: await kubeconfig({}, { contexts: [] }) }))).toMatch(
    /^CONFIG_INVALID /,
  );
});
