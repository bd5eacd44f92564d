/**
 * The programs of a cluster, built once from the two Go modules in go/ into a cache outside the
 * checkout. A module's folder there is named after what it was built from, so an edit of our own CSI
 * driver does not link Kubernetes again.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

import { withFileLock } from './file-lock';
import { BYTES_IMAGE, packImage, PAUSE_IMAGE } from './images';
import { run } from './run';

/** Kubernetes as it calls itself; go/kube/go.mod pins the same one. */
const KUBERNETES = 'v1.34.4';
const KUBERNETES_DATE = '2026-02-10T12:53:36Z';
const SNAPSHOT_CLIENT = 'github.com/kubernetes-csi/external-snapshotter/client/v8';
const KEPT_UNUSED_MS = 14 * 24 * 3600 * 1000;

/** Folders of finished programs. */
export interface Programs {
  /** kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kubectl, etcd. */
  readonly kube: string;
  /** driver, pause.tar, bytes.tar, csi-provisioner, csi-snapshotter, snapshot-controller, csi-sanity, crds/. */
  readonly csi: string;
}

type Log = (line: string) => void;

/** The programs, built if they are not there yet; other processes wait for the one that builds. */
export async function ensurePrograms(log: Log): Promise<Programs> {
  const cache = cacheFolder();
  const kube = path.join(cache, `kube-${sourceHash('kube')}`);
  const csi = path.join(cache, `csi-${sourceHash('csi')}`);
  if (![kube, csi].every(existsSync)) {
    await withFileLock(path.join(cache, '.build.lock'), async () => {
      if (!existsSync(kube)) await build('kube', kube, buildKube, log);
      if (!existsSync(csi)) await build('csi', csi, buildCsi, log);
      forgetUnused(cache);
    });
  }
  const now = new Date();
  for (const folder of [kube, csi]) utimesSync(folder, now, now);
  return { kube, csi };
}

function cacheFolder(): string {
  const caches = process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache');
  return process.env.VM_MIGRATE_CLUSTER_CACHE ?? path.join(caches, 'vm-migrate', 'cluster');
}

/** Sources lie beside this file; in a bundle this file lies elsewhere below the same root. */
function moduleFolder(module: string): string {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    const found = path.join(folder, 'test', 'cluster', 'go', module);
    if (existsSync(found)) return found;
    if (folder === path.dirname(folder)) throw new Error(`no test/cluster/go above ${__dirname}`);
  }
}

function sourceHash(module: string): string {
  const folder = moduleFolder(module);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => /(\.go|go\.mod|go\.sum)$/.test(file))
    .sort();
  const hash = createHash('sha256').update(process.arch);
  for (const file of files)
    hash.update(`\0${file}\0`).update(readFileSync(path.join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

/** Builds into a folder beside the final one, which appears complete or not at all. */
async function build(
  module: string,
  folder: string,
  body: (go: Go, out: string) => Promise<void>,
  log: Log,
): Promise<void> {
  const began = performance.now();
  log(`building the ${module} programs of the test cluster (once; with empty Go caches about nine`);
  log('minutes and 6 GB for all of them, with warm ones under a minute), at low priority');
  const out = `${folder}.${process.pid}`;
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  try {
    // A build whose starter was killed goes on by itself; the next one waits for it and reuses it.
    const lock = path.join(path.dirname(folder), '.go.lock');
    await body((...args) => runGo(moduleFolder(module), lock, args, log), out);
    renameSync(out, folder);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
  log(`${folder} is built (${Math.round((performance.now() - began) / 1000)} s)`);
}

type Go = (...args: string[]) => Promise<void>;

async function buildKube(go: Go, out: string): Promise<void> {
  const version = 'k8s.io/component-base/version';
  const stamped = [
    `-X ${version}.gitVersion=${KUBERNETES}`,
    `-X ${version}.gitMajor=1`,
    `-X ${version}.gitMinor=34`,
    `-X ${version}.gitTreeState=clean`,
    `-X ${version}.gitCommit=module`,
    `-X ${version}.buildDate=${KUBERNETES_DATE}`,
    `-X k8s.io/client-go/pkg/version.gitVersion=${KUBERNETES}`,
  ].join(' ');
  const program = (name: string, source: string) =>
    go('build', '-trimpath', '-ldflags', `-s -w ${stamped}`, '-o', path.join(out, name), source);
  await program('hyper', './hyper');
  for (const name of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet']) {
    symlinkSync('hyper', path.join(out, name));
  }
  await program('kubectl', 'k8s.io/kubernetes/cmd/kubectl');
  await program('etcd', 'go.etcd.io/etcd/server/v3');
}

async function buildCsi(go: Go, out: string): Promise<void> {
  await go(
    ...['build', '-trimpath', '-ldflags', '-s -w', '-o', `${out}/`],
    'github.com/kubernetes-csi/external-provisioner/v6/cmd/csi-provisioner',
    'github.com/kubernetes-csi/external-snapshotter/v8/cmd/csi-snapshotter',
    'github.com/kubernetes-csi/external-snapshotter/v8/cmd/snapshot-controller',
    'github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity',
    './driver',
    './pause',
    './bytes',
  );
  copyCrds(path.join(out, 'crds'));
  for (const [name, reference] of [
    ['pause', PAUSE_IMAGE],
    ['bytes', BYTES_IMAGE],
  ] as const) {
    packImage({
      tar: path.join(out, `${name}.tar`),
      reference,
      files: { [`/${name}`]: path.join(out, name) },
      entrypoint: [`/${name}`],
    });
  }
}

/** The CRDs that the snapshot client was built from lie in its module. */
function copyCrds(out: string): void {
  const list = ['list', '-m', '-f', '{{.Dir}}', SNAPSHOT_CLIENT];
  const module = run('go', '-C', moduleFolder('csi'), ...list).trim();
  const crds = path.join(module, 'config', 'crd');
  mkdirSync(out);
  for (const file of readdirSync(crds)) {
    if (file.startsWith('snapshot.storage.k8s.io_')) {
      copyFileSync(path.join(crds, file), path.join(out, file));
    }
  }
}

async function runGo(
  folder: string,
  lock: string,
  args: readonly string[],
  log: Log,
): Promise<void> {
  const child = spawn('flock', [lock, 'nice', '-n', '19', 'go', ...args], {
    cwd: folder,
    // GOTOOLCHAIN=auto lets an older Go fetch the one that go.mod pins.
    env: {
      ...process.env,
      CGO_ENABLED: '0',
      // The compiler collects less often: a fifth of its time for some hundred MiB.
      GOGC: '400',
      GOFLAGS: '-buildvcs=false -mod=readonly',
      GOTOOLCHAIN: 'auto',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let messages = '';
  child.stderr.on('data', (chunk: Buffer) => (messages += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  if (status === 0) return;
  log(messages);
  throw new Error(`go ${args[0] ?? ''} in ${folder} failed:\n${messages.slice(-2000)}`);
}

/** Removes what no run has used for two weeks: each edit of a source leaves a folder behind. */
function forgetUnused(cache: string): void {
  for (const entry of readdirSync(cache).filter(name => /^(kube|csi)-/.test(name))) {
    const folder = path.join(cache, entry);
    // Under the lock nobody builds: what is unfinished is of a run that was killed.
    if (entry.includes('.')) rmSync(folder, { recursive: true, force: true });
    else if (Date.now() - statSync(folder).mtimeMs > KEPT_UNUSED_MS) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  writeFileSync(
    path.join(cache, 'README'),
    'Programs of vm-migrate/test/cluster; safe to delete.\n',
  );
}
