// npm run api-reports: writes report.api.md of each plugin package: all that others may import from
// it, as TypeScript declares it. `-- --check` only compares, and ends with 1 when one differs.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { writeDeclarations } from './declarations.mjs';
import { publicPackages } from './public-packages.mjs';
import { root } from './setup.mjs';

const check = process.argv.includes('--check');
const work = path.join(root, '.tools', 'api-reports');

// Its users find packages in the checkout's node_modules.
const require = createRequire(path.join(root, 'packages', 'app', 'package.json'));
const { CompilerState, Extractor, ExtractorConfig } = require('@microsoft/api-extractor');

const reports = publicPackages()
  .filter(({ folder }) => folder.startsWith('plugins/'))
  .map(one => ({ ...one, entries: one.entries.filter(({ exists }) => exists) }));

fs.rmSync(work, { recursive: true, force: true });
writeDeclarations(reports, work);
const configs = reports.flatMap(one => one.entries.map(entry => configOf(one, entry)));
// One program for all of them: most of the time is spent on reading Backstage's types.
const compilerState = CompilerState.create(configs[0], {
  additionalEntryPoints: configs
    .slice(1)
    .map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
});
const problems = configs.flatMap(config => report(config));
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) {
  if (check)
    process.stderr.write('What others import has changed: npm run api-reports, and commit.\n');
  process.exitCode = 1;
}

/** `report.api.md` of the root entry, `report-legacy.api.md` of `./legacy`. */
function configOf({ folder }, { mount, file }) {
  const suffix = mount === '.' ? '' : `-${mount.slice(2)}`;
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: path.join(root, folder),
      mainEntryPointFilePath: path.join(work, folder, file.replace(/\.tsx?$/, '.d.ts')),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2024',
            lib: ['es2024', 'dom', 'dom.iterable'],
            module: 'esnext',
            moduleResolution: 'bundler',
            jsx: 'react-jsx',
            types: ['node'],
            strict: true,
            skipLibCheck: true,
            resolveJsonModule: true,
          },
        },
        skipLibCheck: true,
      },
      apiReport: {
        enabled: true,
        reportFileName: `report${suffix}`,
        reportFolder: '<projectFolder>',
        reportTempFolder: path.join(work, folder),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: 'none' } },
        extractorMessageReporting: {
          default: { logLevel: 'error' },
          'ae-undocumented': { logLevel: 'none' },
          // Packages of ours are sources in a checkout; what is reported are declarations.
          'ae-wrong-input-file-type': { logLevel: 'none' },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: path.join(root, folder, 'package.json'),
  });
}

/** Problems, one line each. */
function report(config) {
  const said = [];
  const { apiReportChanged } = Extractor.invoke(config, {
    compilerState,
    localBuild: !check,
    messageCallback(message) {
      message.handled = true;
      if (message.logLevel === 'error') said.push(`${message.formatMessageWithLocation(root)}`);
    },
  });
  const name = path.relative(root, config.reportFilePath);
  if (check && apiReportChanged) said.push(`${name} is not what the sources say`);
  return said;
}
