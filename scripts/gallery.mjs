// npm run gallery: every state of every view from fixtures, without a backend. Builds a static page into
// an ignored folder and serves it on this machine. `-- --port N` takes another port; `-- --build` only
// builds, and prints the folder.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import { orExplain, root, setUp } from './setup.mjs';

const args = process.argv.slice(2);
const given = args.indexOf('--port');
const port = given === -1 ? 7008 : Number(args[given + 1]);
const known = args.filter(arg => arg === '--build' || arg === '--port');
if (
  !Number.isInteger(port) ||
  port < 1 ||
  port > 65_535 ||
  known.length !== args.length - (given === -1 ? 0 : 1)
) {
  process.stderr.write('usage: npm run gallery -- [--port N] [--build]\n');
  process.exit(2);
}

orExplain(() => setUp());
const folder = path.join(root, '.gallery');
await build();
if (args.includes('--build')) process.stdout.write(`${folder}\n`);
else serve();

async function build() {
  // After the set-up, which installs it.
  const { build: bundle } = await import('esbuild');
  fs.rmSync(folder, { recursive: true, force: true });
  await bundle({
    entryPoints: { gallery: path.join(root, 'plugins/vm-migrate/src/gallery/main.tsx') },
    outdir: folder,
    bundle: true,
    format: 'esm',
    splitting: true,
    minify: true,
    sourcemap: 'linked',
    jsx: 'automatic',
    target: 'es2022',
    platform: 'browser',
    mainFields: ['browser', 'module', 'main'],
    logLevel: 'warning',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}', global: 'globalThis' },
    loader: { '.svg': 'dataurl', '.png': 'dataurl', '.woff': 'dataurl', '.woff2': 'dataurl' },
  });
  fs.writeFileSync(path.join(folder, 'index.html'), page());
}

/** As Backstage's own page has it, with the configuration that its app reads from there. */
function page() {
  const config = {
    app: {
      title: 'vm-migrate gallery',
      baseUrl: `http://127.0.0.1:${port}`,
      extensions: [{ 'api:app/app-language': { config: { availableLanguages: ['en', 'de'] } } }],
    },
    backend: { baseUrl: `http://127.0.0.1:${port}` },
  };
  const data = JSON.stringify([{ context: 'gallery', data: config }]);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>vm-migrate gallery</title>
    <link rel="stylesheet" href="/gallery.css" />
    <script type="backstage.io/config">${data}</script>
    <script type="module" src="/gallery.js"></script>
  </head>
  <body>
    <noscript>This page needs JavaScript.</noscript>
    <div id="root"></div>
  </body>
</html>
`;
}

const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.map': 'application/json' };

/** Files of the folder; every other address is the app's. */
function serve() {
  const files = new Set(fs.readdirSync(folder));
  const server = http.createServer(({ url = '/' }, answer) => {
    const name = path.basename(new URL(url, 'http://gallery').pathname);
    const file = files.has(name) ? name : 'index.html';
    answer.setHeader('content-type', `${TYPES[path.extname(file)] ?? 'text/html'}; charset=utf-8`);
    fs.createReadStream(path.join(folder, file)).pipe(answer);
  });
  server.listen(port, '127.0.0.1', () =>
    process.stdout.write(`Gallery: http://127.0.0.1:${port}/gallery\n`),
  );
}
