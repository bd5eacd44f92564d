import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempFolder } from '../../engine/src/testing/temp-folder';
import '../../engine/src/targets/kubernetes/cluster/client-node'; // loads now, which in jest takes longer than the limit below
import { startTargets } from './start-targets';

const kubeconfig = (server: string): string =>
  JSON.stringify({
    'current-context': 'lab',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'lab', context: { cluster: 'c', user: 'u', namespace: 'vms' } }],
  });

describe('the default target of npm start', () => {
  const root = tempFolder();
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(path.join(root, 'case-'))));

  const write = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const chosen = (files: readonly string[], environment: Record<string, string> = {}) =>
    startTargets({
      files,
      folder,
      home: folder,
      environment,
      moverProgram: path.join(folder, 'mover.cjs'),
      timeoutMs: 1_000,
    });

  it('is the folder where there is no cluster, without a word', async () => {
    expect(await chosen([])).toEqual({ isLocalDefault: true, words: [] });
  });

  it('is what the person marked, else his cluster, else his first', async () => {
    const KUBECONFIG = write('kubeconfig', kubeconfig('https://127.0.0.1:1'));
    const disk = '{ kind: local-directory, classes: { a: { folder: ./a } } }';
    const both = write(
      'both.yaml',
      `vmMigrate: { targets: { disk: ${disk}, lab: { kind: kubernetes } } }`,
    );
    expect(await chosen([both], { KUBECONFIG })).toMatchObject({
      default: 'lab',
      isLocalDefault: false,
    });
    const marked = write('marked.yaml', 'vmMigrate: { targets: { disk: { default: true } } }');
    const byMark = await chosen([both, marked], { KUBECONFIG });
    expect(byMark).toMatchObject({ isLocalDefault: false });
    expect(byMark.default).toBeUndefined();
    expect(byMark.words.join()).toContain('disk');
    expect(
      await chosen([write('disk.yaml', `vmMigrate: { targets: { disk: ${disk} } }`)]),
    ).toMatchObject({ default: 'disk' });
  });

  it('is the folder while the cluster refuses or is silent, which is said; the cluster is offered', async () => {
    writeImage();
    const sockets: Socket[] = [];
    const silent = createServer(socket => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    try {
      for (const [server, why] of [
        ['https://127.0.0.1:1', /ECONNREFUSED/],
        [`https://127.0.0.1:${port}`, /does not answer within 1 s|cannot be reached/],
      ] as const) {
        const KUBECONFIG = write('kubeconfig', kubeconfig(server));
        const targets = await chosen([], { KUBECONFIG });
        expect(targets).toMatchObject({ isLocalDefault: true, kubectlCluster: 'offered' });
        expect(targets.words.join()).toMatch(why);
        expect(targets.words.join()).toContain('context lab, namespace vms');
      }
    } finally {
      silent.close();
      for (const socket of sockets) socket.destroy();
    }
  });

  it('is the folder where there is no image of the movers, with the command that makes one', async () => {
    const KUBECONFIG = write('kubeconfig', kubeconfig('https://127.0.0.1:1'));
    const targets = await chosen([], { KUBECONFIG });
    expect(targets).toMatchObject({ isLocalDefault: true, kubectlCluster: 'offered' });
    expect(targets.words.join()).toContain('npm run image');
  });

  /** As npm run image leaves them. */
  function writeImage(): void {
    const program = 'the mover';
    write('mover.cjs', program);
    const programSha256 = createHash('sha256').update(program).digest('hex');
    write(
      'image.json',
      JSON.stringify({ name: 'mover', tag: '1', digest: 'sha256:1', version: '1', programSha256 }),
    );
  }
});
