// A VM on a web server, from its configured source to its VolumeSnapshots, with credentials that
// stand nowhere but in the environment.
import path from 'node:path';
import { LocalMover } from '../../packages/engine/src/mover/local-mover';
import { buildMover } from '../../packages/engine/src/testing/build-mover';
import { writeExampleVm } from '../../packages/engine/src/testing/example-vm';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { fileServer } from '../../packages/engine/src/testing/file-server';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';

const MIB = 1024 * 1024;
const LOGIN = 'reader:a-word-that-stands-nowhere';

describe('a VM on a web server', () => {
  const folder = tempFolder();
  const server = fileServer();
  let test: TestEngine;
  let vm: WrittenVm;
  beforeAll(async () => {
    vm = writeExampleVm(path.join(folder, 'store', 'vm'), { diskBytes: 64 * MIB });
    process.env['TEST_ENGINE_LOGIN'] = LOGIN;
    const options = {
      url: server.urlOf(path.join(folder, 'store')),
      caFile: server.caFile,
      credentials: { env: 'TEST_ENGINE_LOGIN' },
      allowAddresses: ['127.0.0.1'],
    };
    test = await testEngine(folder, {
      sources: [{ name: 'web', kind: 'vm-https', options }],
      mover: new LocalMover({ program: buildMover() }),
    });
  }, 180_000);
  afterAll(async () => {
    delete process.env['TEST_ENGINE_LOGIN'];
    await test?.close();
  });

  it('is migrated, and its credentials are in no row', async () => {
    server.fault = (request, response) => {
      const isKnown =
        request.headers.authorization === `Basic ${Buffer.from(LOGIN).toString('base64')}`;
      if (!isKnown) response.writeHead(401).end();
      return !isKnown;
    };
    await test.startWorker();
    const { migration } = await test.engine.call('start', { vm: `web/${vm.displayName}` });
    await test.until(migration, ['migrated']);
    expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(11);

    // Reads the chains at the source once more, whole.
    await test.engine.call('verify', { migration });
    await test.until(migration, ['migrated']);

    const secrets = ['a-word-that-stands-nowhere', Buffer.from(LOGIN).toString('base64')];
    for (const { name } of await test.engine.database.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname like 'vm\\_migrate%'`,
    )) {
      const rows = await test.engine.database.query<{ text: string }>(
        `select t::text as text from ${name} t`,
      );
      for (const { text } of rows)
        expect([name, secrets.filter(secret => text.includes(secret))]).toEqual([name, []]);
    }
  }, 180_000);
});
