/** The consumer's backend with one of its apps: an embedded PostgreSQL, the example VM, guests. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, untilServed, type Backstage } from '../e2e/backstage-process';
import { root } from './make-consumer';

/** Written for the builds of the apps too, which put some of it into the browser's code. */
export function writeConfig(folder: string, { port, app }: { port: number; app: string }): string {
  const url = `http://127.0.0.1:${port}`;
  const file = path.join(folder, `app-config.${app}.yaml`);
  writeFileSync(
    file,
    `app:
  title: Consumer
  baseUrl: '${url}'
  packageName: ${app}
  packages: all
organization: { name: Consumer }
backend:
  baseUrl: '${url}'
  listen: { host: 127.0.0.1, port: ${port} }
  database: { client: better-sqlite3, connection: ':memory:' }
  csp: { connect-src: ["'self'", 'http:', 'https:'] }
auth: { environment: development, providers: { guest: {} } }
catalog:
  providers:
    vmMigrate: { owner: { default: 'group:default/guests' } }
vmMigrate:
  stateFolder: '${path.join(folder, 'state')}'
  database: embedded
  sources:
    demo: { kind: vm-directory, folder: '${path.join(folder, 'vms')}' }
  targets:
    local:
      kind: local-directory
      classes: { fast: { folder: '${path.join(folder, 'volumes')}', snapshots: auto, default: true } }
`,
  );
  return file;
}

export function ensureExampleVm(folder: string): void {
  const vm = path.join(folder, 'vms', 'example');
  if (existsSync(vm)) return;
  const program = path.join(root, 'test/dist/example-vm.cjs');
  const { status, stderr } = spawnSync(process.execPath, [program, vm], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

/** Of `app`, which was built. @throws Error with what it said */
export async function startConsumer(folder: string, app: string): Promise<Backstage> {
  const port = await freePort();
  const config = writeConfig(folder, { port, app });
  // Node takes the types away by itself: the same file that a person would write.
  const child = spawn(process.execPath, ['packages/backend/src/index.ts', '--config', config], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'development', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { ...(await untilServed(child, port, 120_000)), folder, configFile: config };
}
