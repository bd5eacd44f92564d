import { existsSync } from 'node:fs';
import path from 'node:path';

import { PATH_WITH_SBIN, run } from './run';

/** Folder of the CNI plugins: Debian's, then where upstream puts them. */
export const CNI_FOLDER = ['/usr/lib/cni', '/opt/cni/bin'].find(folder =>
  existsSync(path.join(folder, 'bridge')),
);

const programs = [
  'go',
  'openssl',
  'containerd',
  'ctr',
  'runc',
  'iptables',
  'mkfs.xfs',
  'mkfs.ext4',
  'resize2fs',
  'losetup',
  'flock',
  'ip',
];

/** Why no cluster can run on this machine, or undefined. */
export function whyNoCluster(): string | undefined {
  if (process.platform !== 'linux') return 'a cluster needs Linux';
  if (process.getuid?.() !== 0) return 'a cluster needs root';
  const missing = programs.filter(program => !isThere(program));
  if (CNI_FOLDER === undefined) missing.push('containernetworking-plugins');
  return missing.length === 0 ? whyNotThisGo() : `a cluster needs ${missing.join(', ')}`;
}

/** Since 1.21 a Go fetches the one that go.mod pins. */
function whyNotThisGo(): string | undefined {
  const version = run('go', 'env', 'GOVERSION').trim();
  const [, minor] = /^go1\.(\d+)/.exec(version) ?? [];
  const isOld = minor !== undefined && Number(minor) < 21;
  return isOld ? `a cluster needs Go 1.21 or newer, not ${version}` : undefined;
}

function isThere(program: string): boolean {
  return PATH_WITH_SBIN.split(path.delimiter).some(
    folder => folder !== '' && existsSync(path.join(folder, program)),
  );
}
