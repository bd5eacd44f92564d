import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  readBackendConfig,
  readConfig,
  type BackendConfig,
  type Config,
  type ConfigFlags,
} from './config';
import { EngineError } from './errors';
import { findCluster } from './config-cluster';
import { tempFolder } from './testing/temp-folder';

const KUBECONFIG = (context: string, namespace = '') => `
apiVersion: v1
kind: Config
current-context: ${context}
clusters: [{ name: c, cluster: { server: 'https://127.0.0.1:1' } }]
users: [{ name: u, user: { token: t } }]
contexts:
  - { name: ${context}, context: { cluster: c, user: u${namespace === '' ? '' : `, namespace: ${namespace}`} } }
  - { name: other, context: { cluster: c, user: u, namespace: elsewhere } }
  - { name: dangling, context: { cluster: gone, user: u } }
`;

describe('the cluster that kubectl would talk to', () => {
  const root = tempFolder();
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(root, 'case-'));
    mkdirSync(path.join(folder, 'home', '.kube'), { recursive: true });
  });
  const home = (): string => path.join(folder, 'home');
  const write = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const read = (environment: Record<string, string> = {}, flags: ConfigFlags = {}): Config =>
    readConfig({ cwd: folder, home: home(), environment, flags });
  const kinds = ({ targets }: Config) =>
    targets.map(({ name, isDefault }) => `${name}${isDefault ? ' (default)' : ''}`);
  const optionsOf = ({ targets }: Config) =>
    targets.find(target => target.kind === 'kubernetes')?.options;

  it('is the default target beside the local one, with context and namespace said', () => {
    const file = write('home/.kube/config', KUBECONFIG('prod', 'vms'));
    const config = read();
    expect(kinds(config)).toEqual(['local', 'kubernetes (default)']);
    expect(optionsOf(config)).toEqual({ kubeconfig: file, context: 'prod', namespace: 'vms' });
    expect(config.values.at(-1)?.origin).toBe('~/.kube/config, context prod');
  });

  it('takes the namespace from the flag, then the context, then default', () => {
    write('home/.kube/config', KUBECONFIG('prod'));
    expect(optionsOf(read())).toMatchObject({ namespace: 'default' });
    expect(optionsOf(read({}, { context: 'other' }))).toMatchObject({ namespace: 'elsewhere' });
    expect(optionsOf(read({}, { context: 'other', namespace: 'n' }))).toMatchObject({
      context: 'other',
      namespace: 'n',
    });
  });

  it('goes by flag, then KUBECONFIG, then the home', () => {
    write('home/.kube/config', KUBECONFIG('home'));
    const named = write('named', KUBECONFIG('named'));
    write('flagged', KUBECONFIG('flagged'));
    expect(optionsOf(read({ KUBECONFIG: named }))).toMatchObject({ context: 'named' });
    expect(optionsOf(read({ KUBECONFIG: named }, { kubeconfig: 'flagged' }))).toMatchObject({
      kubeconfig: path.join(folder, 'flagged'),
      context: 'flagged',
    });
  });

  it('merges the files of KUBECONFIG as kubectl does: the first one that says something counts', () => {
    const one = write('one', KUBECONFIG('one'));
    const two = write('two', KUBECONFIG('two'));
    const apart = write(
      'apart',
      'contexts: [{ name: apart, context: { cluster: c, user: u } }]\ncurrent-context: apart\n',
    );
    const list = [path.join(folder, 'missing'), one, two].join(path.delimiter);
    expect(optionsOf(read({ KUBECONFIG: list }))).toMatchObject({ kubeconfig: one });
    expect(optionsOf(read({ KUBECONFIG: list }, { context: 'two' }))).toMatchObject({
      kubeconfig: two,
    });
    // Its cluster stands in another file: no single file would do.
    expect(optionsOf(read({ KUBECONFIG: [apart, one].join(path.delimiter) }))).toEqual({
      context: 'apart',
      namespace: 'default',
    });
  });

  it('acts as somebody else where that is said', () => {
    write('home/.kube/config', KUBECONFIG('prod'));
    const flags = { as: 'jane', asGroups: ['a', 'b'], requestTimeoutMs: 5_000 };
    expect(optionsOf(read({}, flags))).toMatchObject(flags);
  });

  it.each([
    ['none is there', ''],
    ['it is no YAML', '{ : ['],
    ['it has no current context', 'apiVersion: v1\nkind: Config\n'],
    [
      'its context leads to no cluster',
      KUBECONFIG('prod').replace('current-context: prod', 'current-context: dangling'),
    ],
  ])('is no target when %s', (_why, text) => {
    if (text !== '') write('home/.kube/config', text);
    expect(kinds(read())).toEqual(['local (default)']);
  });

  it('is refused by name when a flag asks for one that is not there', () => {
    write('home/.kube/config', KUBECONFIG('prod'));
    for (const flags of [{ context: 'nope' }, { kubeconfig: 'nope' }] as ConfigFlags[]) {
      expect(() => read({}, flags)).toThrow(EngineError);
      expect(() => read({}, flags)).toThrow(/nope/);
    }
  });

  it('stays out of a configuration with targets, unless a flag asks for it', () => {
    write('home/.kube/config', KUBECONFIG('prod', 'vms'));
    write(
      'app-config.yaml',
      `vmMigrate: { targets: {
         here: { kind: local-directory, classes: { fast: { folder: ./fast } } },
         lab: { kind: kubernetes, default: true, context: other, classes: [fast], clusterId: abc } } }`,
    );
    expect(kinds(read())).toEqual(['here', 'lab (default)']);
    const asked = read({}, { namespace: 'mine' });
    expect(kinds(asked)).toEqual(['here', 'lab', 'kubernetes (default)']);
    // What is configured for clusters counts for it too, except where the other one is.
    expect(asked.targets.at(-1)?.options).toEqual({
      kubeconfig: path.join(home(), '.kube', 'config'),
      context: 'prod',
      namespace: 'mine',
      classes: ['fast'],
    });
  });

  it('is that of the pod that this runs in, where there is no kubeconfig', () => {
    const account = path.join(folder, 'account');
    mkdirSync(account);
    const environment = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    const input = { cwd: folder, home: home(), environment };
    expect(findCluster(input, account)).toBeUndefined();
    writeFileSync(path.join(account, 'token'), 't');
    writeFileSync(path.join(account, 'namespace'), 'worker\n');
    expect(findCluster(input, account)).toEqual({
      options: { namespace: 'worker' },
      origin: 'account of this pod',
    });
    expect(findCluster({ ...input, environment: {} }, account)).toBeUndefined();
  });

  describe('of a backend', () => {
    const backend = (section: object): BackendConfig =>
      readBackendConfig(section, { folder, home: home(), environment: {} });
    const targets = { here: { kind: 'local-directory', classes: { fast: { folder: './fast' } } } };
    const names = (config: BackendConfig) =>
      config.targets.map(
        ({ name, isDefault, isFound }) =>
          `${name}${isDefault ? ' (default)' : ''}${isFound === true ? ' (found)' : ''}`,
      );

    it('is no target, unless it is asked for', () => {
      const file = write('home/.kube/config', KUBECONFIG('prod', 'vms'));
      expect(names(backend({ targets }))).toEqual(['here (default)']);
      expect(names(backend({ targets, kubectlCluster: 'offered' }))).toEqual([
        'here (default)',
        'kubernetes (found)',
      ]);
      const config = backend({ targets, kubectlCluster: 'default' });
      expect(names(config)).toEqual(['here', 'kubernetes (default) (found)']);
      expect(config.targets[1]?.options).toEqual({
        kubeconfig: file,
        context: 'prod',
        namespace: 'vms',
      });
      expect(names(backend({ kubectlCluster: 'default' }))).toEqual([
        'local',
        'kubernetes (default) (found)',
      ]);
    });

    it('stays out beside a configured one, and where there is none', () => {
      expect(names(backend({ targets, kubectlCluster: 'default' }))).toEqual(['here (default)']);
      write('home/.kube/config', KUBECONFIG('prod', 'vms'));
      const lab = { kind: 'kubernetes', context: 'other', default: true };
      expect(names(backend({ targets: { ...targets, lab }, kubectlCluster: 'default' }))).toEqual([
        'here',
        'lab (default)',
      ]);
    });
  });
});
