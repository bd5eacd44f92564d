/** The consumer's backend with one of its apps: an embedded PostgreSQL, the example VM, guests. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tryConfig } from '../../scripts/try-config.mjs';
import { untilServed, type Backstage } from '../e2e/backstage-process';
import { onFreePort } from '../free-port';
import { root } from './make-consumer';

/** Written for the builds of the apps too, which put some of it into the browser's code. */
export function writeConfig(folder: string, { port, app }: { port: number; app: string }): string {
  const file = path.join(folder, `app-config.${app}.yaml`);
  const config = tryConfig({ folder, port });
  const consumer = {
    ...config,
    app: { ...config.app, title: 'Consumer', packageName: app, packages: 'all' },
    organization: { name: 'Consumer' },
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(consumer, null, 2));
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
export function startConsumer(folder: string, app: string): Promise<Backstage> {
  return onFreePort(port => startAt(port, folder, app));
}

async function startAt(port: number, folder: string, app: string): Promise<Backstage> {
  const config = writeConfig(folder, { port, app });
  // Node takes the types away by itself: the same file that a person would write.
  const child = spawn(process.execPath, ['packages/backend/src/index.ts', '--config', config], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'development', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { ...(await untilServed(child, port, 120_000)), folder, configFile: config };
}
