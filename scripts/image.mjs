// Makes the images of the mover and of the worker (`npm run image`), which share the layer with Node:
//
//   packages/mover/dist/            image.json, image/, vm-migrate-mover.tar, vm-migrate-mover.cdx.json
//   kubectl-plugin/dist/worker/     the same of vm-migrate-worker; it holds the mover's image.json
//
// node scripts/image.mjs [mover|worker]... [--name REPOSITORY] [--out FOLDER] [--mover FILE]
//   none: both. --name and --out go with one. --mover: another bundle of the mover.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { makeImage } from './image-build.mjs';
import { moverFiles, runtimeFiles, workerFiles } from './image-files.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const MAX_COMPRESSED_BYTES = 60 * 1024 * 1024;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string' },
    out: { type: 'string' },
    mover: { type: 'string', default: path.join(root, 'packages/mover/dist/mover.cjs') },
  },
});

const images = {
  mover: () => ({
    title: 'vm-migrate-mover',
    name: 'vm-migrate.local/mover',
    version: moverVersion(),
    out: path.join(root, 'packages/mover/dist'),
    app: moverFiles(root, values.mover),
    program: values.mover,
    entrypoint: '/app/mover.cjs',
    metas: [`${values.mover}.meta.json`],
  }),

  worker: () => {
    const cli = path.join(root, 'kubectl-plugin/dist');
    const { mover } = values;
    const moverImage = fs.readFileSync(path.join(root, 'packages/mover/dist/image.json'));
    return {
      title: 'vm-migrate-worker',
      name: 'vm-migrate.local/worker',
      version: JSON.parse(text('kubectl-plugin/package.json')).version,
      out: path.join(cli, 'worker'),
      app: workerFiles(root, { cli, mover, moverImage }),
      program: path.join(cli, 'cli.cjs'),
      entrypoint: '/app/main.cjs',
      metas: [path.join(cli, 'main.cjs'), path.join(cli, 'cli.cjs'), mover].map(
        bundle => `${bundle}.meta.json`,
      ),
    };
  },
};

function text(file) {
  return fs.readFileSync(path.join(root, file), 'utf8');
}

function moverVersion() {
  return /MOVER_VERSION = '([^']+)'/.exec(text('packages/engine/src/mover/version.ts'))[1];
}

function fail(words) {
  process.stderr.write(`image: ${words}\n`);
  process.exit(1);
}

if (process.platform !== 'linux')
  fail(
    'movers and workers run on Linux, and so does this: Node and its libraries are taken from here',
  );
const wanted = positionals.length === 0 ? Object.keys(images) : positionals;
const stranger = wanted.find(kind => !Object.hasOwn(images, kind));
if (stranger !== undefined) fail(`${stranger} is none of ${Object.keys(images).join(', ')}`);
if (wanted.length > 1 && (values.name !== undefined || values.out !== undefined))
  fail('--name and --out go with one image');

const runtime = runtimeFiles(process.execPath);
for (const kind of wanted) {
  const image = images[kind]();
  const { name = image.name, out = image.out } = values;
  const facts = makeImage({ ...image, root, runtime, name, out });
  const size = `${(facts.compressedBytes / 1024 / 1024).toFixed(1)} MiB compressed`;
  process.stdout.write(`${facts.name}:${facts.tag}\n${facts.digest}\n${size}\n`);
  if (facts.compressedBytes > MAX_COMPRESSED_BYTES) fail(`${kind}: larger than 60 MiB`);
}
