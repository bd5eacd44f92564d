// Tools that tests need beyond npm. They are listed first; as root on Debian or Ubuntu they are then
// installed, never removing a package and never starting a service. Elsewhere the command is named,
// and what needs them is skipped with the reason (VM_MIGRATE_MISSING_TOOLS tells the tests).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export const systemTools = [
  { program: 'qemu-img', apt: 'qemu-utils', use: 'referee and independent writer of disk images' },
  { program: 'qemu-io', apt: 'qemu-utils', use: 'writes chosen ranges into disk images' },
  {
    program: 'mkfs.xfs',
    apt: 'xfsprogs',
    use: 'a file system with reflinks, for reflink tests and the bench',
  },
  { program: 'kubectl', apt: 'kubernetes-client', use: 'calls the plugin as a user does' },
  { program: 'containerd', apt: 'containerd', use: 'runs the pods of the test cluster' },
  { program: 'runc', apt: 'runc', use: 'starts their containers' },
  { program: 'iptables', apt: 'iptables', use: 'the kubelet of the test cluster asks for it' },
  {
    program: 'cni-bridge',
    file: '/usr/lib/cni/bridge', // No folder of PATH holds it.
    apt: 'containernetworking-plugins',
    use: 'connects the pods of the test cluster',
  },
  { program: 'chromium', apt: 'chromium', use: 'the browser of the end-to-end tests' },
  {
    program: 'fonts',
    file: '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
    apt: 'fonts-dejavu-core',
    use: 'what the browser writes with',
  },
];

const folders = () => [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin'];
const isThere = ({ program, file }) =>
  file !== undefined
    ? fs.existsSync(file)
    : folders().some(folder => folder !== '' && fs.existsSync(path.join(folder, program)));
const say = text => process.stderr.write(`tools: ${text}\n`);

/** Returns the programs that are still missing. */
export function ensureSystemTools({ tools = systemTools, log = say } = {}) {
  const missing = tools.filter(tool => !isThere(tool));
  for (const tool of tools) {
    const state = missing.includes(tool) ? 'missing' : 'there';
    log(`${tool.program.padEnd(9)} ${state.padEnd(8)} (${tool.apt}: ${tool.use})`);
  }
  if (missing.length === 0) return [];
  const packages = [...new Set(missing.map(tool => tool.apt))];
  const command = `apt-get install --no-remove --no-install-recommends ${packages.join(' ')}`;
  const refusal = whyNotHere() ?? install(packages, log);
  if (refusal)
    log(
      `${refusal}; what needs them is skipped. The command on Debian or Ubuntu, as root: ${command}`,
    );
  return tools.filter(tool => !isThere(tool)).map(tool => tool.program);
}

function whyNotHere() {
  if (process.platform !== 'linux') return `not installed on ${process.platform}`;
  const release = fs.existsSync('/etc/os-release')
    ? fs.readFileSync('/etc/os-release', 'utf8')
    : '';
  if (!/^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release))
    return 'not installed: neither Debian nor Ubuntu';
  if (process.getuid() !== 0) return 'not installed: not root';
  return undefined;
}

const apt = (...args) =>
  spawnSync('apt-get', args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  });
const lastLines = result =>
  (result.error?.message ?? `${result.stdout}${result.stderr}`)
    .trim()
    .split('\n')
    .slice(-3)
    .join(' ');

/** Returns why it was not done, or undefined. */
function install(packages, log) {
  const lists = fs.existsSync('/var/lib/apt/lists') ? fs.readdirSync('/var/lib/apt/lists') : [];
  if (!lists.some(name => name.includes('_Packages'))) {
    log('apt-get update');
    const update = apt('update', '-q');
    if (update.status !== 0) return `apt-get update failed (${lastLines(update)})`;
  }
  const options = ['install', '--no-remove', '--no-install-recommends', '-q', '-y'];
  const trial = apt(...options, '--simulate', ...packages);
  if (trial.status !== 0)
    return `apt-get would not install them without removing others (${lastLines(trial)})`;
  log(`apt-get ${options.slice(0, 3).join(' ')} ${packages.join(' ')}`);
  const result = withServicesKeptStill(() => apt(...options, ...packages));
  return result.status === 0 ? undefined : `apt-get failed (${lastLines(result)})`;
}

const policy = '/usr/sbin/policy-rc.d';
const saved = `${policy}.before-vm-migrate`;

/** Debian asks policy-rc.d before it starts a service; 101 says no. What was there is put back. */
export function withServicesKeptStill(body, files = { policy, saved }) {
  // A saved file is from a run that was killed in between: it is the original.
  if (!fs.existsSync(files.saved) && fs.existsSync(files.policy)) {
    fs.copyFileSync(files.policy, files.saved, fs.constants.COPYFILE_EXCL);
    fs.chmodSync(files.saved, fs.statSync(files.policy).mode);
  }
  try {
    fs.rmSync(files.policy, { force: true });
    fs.writeFileSync(files.policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    return body();
  } finally {
    fs.rmSync(files.policy, { force: true });
    if (fs.existsSync(files.saved)) fs.renameSync(files.saved, files.policy);
  }
}
