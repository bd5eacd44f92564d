import * as fs from 'node:fs';
import path from 'node:path';

import { MIB } from '../bytes';
import { openSource } from '../sources/open-source';
import type { VmHttpsAddress } from '../sources/source';
import { buildMover } from '../testing/build-mover';
import { fileServer } from '../testing/file-server';
import { moverScene, plainStateDigest, type MoverScene } from '../testing/mover-scene';
import { tempFolder } from '../testing/temp-folder';
import { LocalMover } from './local-mover';
import type { ApplyOrder, MoverOrder, Receipt } from './mover';

jest.setTimeout(60_000);
const folder = tempFolder();
const server = fileServer();
const mover = new LocalMover({ program: buildMover() });
afterAll(() => mover.close());

const LOGIN = 'Bearer only-in-the-environment';

function addressOf(scene: MoverScene): VmHttpsAddress {
  if (scene.source.kind !== 'vm-directory') throw new Error('a scene in a folder');
  return {
    kind: 'vm-https',
    url: server.urlOf(path.dirname(scene.source.folder)),
    folder: server.origin + scene.source.folder,
    datastores: {},
    caPem: server.caPem,
    credentials: { env: 'TEST_MOVER_SOURCE_LOGIN' },
    allowAddresses: ['127.0.0.1'],
    denyAddresses: [],
    allowPlainHttp: false,
  };
}

async function overHttps(scene: MoverScene, order: ApplyOrder): Promise<ApplyOrder> {
  const source = addressOf(scene);
  const layer = await openSource(source).openLayer(order.layer.file);
  const manifest = await layer.manifest();
  await layer.close();
  return { ...order, source, layer: { file: order.layer.file, manifest } };
}

async function ended(order: MoverOrder) {
  for (;;) {
    const status = await mover.attend(order, 20_000);
    if (status.state !== 'running') return status;
  }
}

async function done(order: MoverOrder): Promise<Receipt> {
  const status = await ended(order);
  if (status.state !== 'done') throw new Error(JSON.stringify(status).slice(0, 3000));
  return status.receipt;
}

describe('the mover program on a server', () => {
  beforeAll(() => {
    process.env['TEST_MOVER_SOURCE_LOGIN'] = LOGIN;
  });
  afterAll(() => {
    delete process.env['TEST_MOVER_SOURCE_LOGIN'];
  });

  it('writes base and delta, proved, and hashes the chain, with credentials from its environment', async () => {
    const scene = moverScene(path.join(folder, 'one'), 6 * MIB + 3 * 512, 1);
    let refused = 0;
    server.fault = (request, response) => {
      if (request.headers.authorization === LOGIN) return false;
      refused++;
      response.writeHead(401).end();
      return true;
    };
    const base = await done(await overHttps(scene, await scene.base()));
    expect(base.stateDigest).toBe(plainStateDigest(scene.baseContent));
    const delta = await done(await overHttps(scene, await scene.delta()));
    expect(delta.stateDigest).toBe(plainStateDigest(scene.deltaContent));
    expect(fs.readFileSync(scene.volume).equals(scene.deltaContent)).toBe(true);
    const chain = await done({ ...scene.hashChain(), source: addressOf(scene) });
    expect(chain.stateDigest).toBe(delta.stateDigest);
    expect(refused).toBe(0);
  });

  it('goes on after cut answers and 503, and ends with the same bytes', async () => {
    const scene = moverScene(path.join(folder, 'two'), 6 * MIB, 2);
    const order = await overHttps(scene, await scene.base());
    let nth = 0;
    server.fault = (_, response) => {
      nth++;
      if (nth % 3 === 1) response.writeHead(503).end();
      else if (nth % 3 === 2) response.destroy();
      return nth % 3 !== 0;
    };
    const receipt = await done(order);
    expect(nth).toBeGreaterThan(6);
    expect(receipt.stateDigest).toBe(plainStateDigest(scene.baseContent));
  });

  it('stops by name when the file changes while it copies', async () => {
    const scene = moverScene(path.join(folder, 'three'), 6 * MIB, 3);
    const order = await overHttps(scene, await scene.base({ bytesPerSecond: MIB }));
    const file = path.join(folder, 'three', 'vm', 'disk.vmdk');
    let ranges = 0;
    server.fault = () => {
      // Not before the first answers of the copy itself.
      if (++ranges === 8) fs.utimesSync(file, 2_000_000_000, 2_000_000_000);
      return false;
    };
    expect(await ended(order)).toMatchObject({ state: 'failed', error: { code: 'FILE_CHANGED' } });
    expect(ranges).toBeGreaterThanOrEqual(8);
  });
});
