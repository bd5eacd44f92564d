// What `npm start` and `npm run dev` run on: the example VM and a configuration, in the checkout's
// ignored folder. What is there is left alone, but for the configuration, which is written anew.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { root, setUpNode, toolEnvironment } from './setup.mjs';
import { tryConfig } from './try-config.mjs';

/**
 * Returns what to tell whoever starts it, and the configuration files in the order in which Backstage reads them: ours, then the
 * checkout's own, where sources and targets of one's own stand, a Kubernetes cluster among them.
 * `appUrl`: where the browser finds the app, if not at the backend's port.
 */
export function prepareStart({ port, appUrl, more = [] }) {
  const parent = process.env.VM_MIGRATE_DEMO_PARENT;
  const folder = path.join(parent ?? root, '.demo', 'backstage');
  fs.mkdirSync(folder, { recursive: true, mode: 0o755 });
  ensureExampleVm(path.join(folder, 'vms', 'example'));
  const checkouts = ['app-config.yaml', 'app-config.local.yaml']
    .map(file => path.join(root, file))
    .filter(file => fs.existsSync(file));
  const persons = [...checkouts, ...more.map(file => path.resolve(file))];
  const { words, ...targets } = chooseTargets(persons);
  // Backstage reads it again when it changes: one at another port has a file of its own.
  const own = path.join(folder, `app-config-${port}.yaml`);
  fs.writeFileSync(own, configOf({ folder, port, appUrl, targets }), { mode: 0o600 });
  return { files: [own, ...persons], words };
}

/** What packages/backend/src/start-targets.ts answers. */
function chooseTargets(files) {
  const program = path.join(root, 'packages', 'backend', 'dist', 'start-targets.cjs');
  const result = spawnSync(setUpNode(), [program, ...files], {
    cwd: root,
    encoding: 'utf8',
    env: toolEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (result.status !== 0) process.exit(1);
  return JSON.parse(result.stdout);
}

function ensureExampleVm(vm) {
  if (fs.existsSync(vm)) return;
  const writer = path.join(root, 'test', 'dist', 'example-vm.cjs');
  const draft = `${vm}.${process.pid}`;
  fs.mkdirSync(path.dirname(vm), { recursive: true });
  const result = spawnSync(setUpNode(), [writer, draft], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (result.status !== 0) process.exit(1);
  fs.renameSync(draft, vm);
}

function configOf({ folder, port, appUrl, targets }) {
  const { app, backend, auth, catalog, vmMigrate } = tryConfig({ folder, port, appUrl });
  const example = file => ({ type: 'file', target: path.join(root, 'examples', file) });
  const languages = { config: { availableLanguages: ['en', 'de'] } };
  const config = {
    app: { ...app, title: 'vm-migrate', extensions: [{ 'api:app/app-language': languages }] },
    backend,
    auth,
    catalog: {
      ...catalog,
      rules: [{ allow: ['User', 'Group', 'Template'] }],
      locations: [
        'catalog/users.yaml',
        'templates/migrate-vm.yaml',
        'templates/migrate-vms.yaml',
      ].map(example),
    },
    vmMigrate: {
      ...vmMigrate,
      kubectlCluster: targets.kubectlCluster,
      targets: {
        local: {
          ...vmMigrate.targets.local,
          default: targets.isLocalDefault || targets.default === 'local',
        },
        // What else it is stands in the person's own file.
        ...(targets.default === undefined || targets.default === 'local'
          ? {}
          : { [targets.default]: { default: true } }),
      },
    },
  };
  // JSON is YAML.
  return `# Written at each start. Settings of your own: app-config.local.yaml in the checkout.
${JSON.stringify(config, null, 2)}
`;
}
