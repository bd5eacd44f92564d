// Type declarations of what packages export, by TypeScript itself: the entries, and what their own
// declarations name, no more. Types are not checked here: `npm run typecheck` does.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { isFrontend } from './public-packages.mjs';
import { SetupError, root } from './setup.mjs';

/**
 * Writes `<out>/<folder of the package>/src/*.d.ts`.
 * @throws SetupError naming the file whose types cannot be written down
 */
export function writeDeclarations(packages, out) {
  const sides = [
    ['tsconfig.json', packages.filter(one => !isFrontend(one))],
    ['tsconfig.frontend.json', packages.filter(isFrontend)],
  ];
  for (const [project, members] of sides) {
    const entries = members.flatMap(({ folder, entries }) =>
      entries.filter(({ exists }) => exists).map(({ file }) => path.join(root, folder, file)),
    );
    if (entries.length > 0) writeSide(project, entries, out);
  }
}

function writeSide(project, entries, out) {
  const ts = createRequire(import.meta.url)('typescript');
  const options = {
    ...optionsOf(ts, project),
    noEmit: false,
    incremental: false,
    tsBuildInfoFile: undefined,
    declaration: true,
    emitDeclarationOnly: true,
    noCheck: true,
    rootDir: root,
    outDir: out,
  };
  const host = ts.createCompilerHost(options);
  const program = ts.createProgram([...entries, ...ambient(entries)], options, host);
  const waiting = [...entries];
  const done = new Set();
  while (waiting.length > 0) {
    const file = waiting.pop();
    if (done.has(file)) continue;
    done.add(file);
    const source = program.getSourceFile(file);
    const problems = program.getDeclarationDiagnostics(source);
    if (problems.length > 0) throw new SetupError(ts.formatDiagnostics(problems, host));
    program.emit(
      source,
      (target, text) => {
        fs.mkdirSync(path.dirname(target), { recursive: true });
        fs.writeFileSync(target, text);
        waiting.push(...ownImports(ts, text, file, options, host));
      },
      undefined,
      true,
    );
  }
}

function optionsOf(ts, project) {
  const file = path.join(root, project);
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  // Only its options are wanted, so that no folder is searched.
  const { options } = ts.parseJsonConfigFileContent(
    { ...config, include: [], files: ['package.json'] },
    ts.sys,
    root,
  );
  return options;
}

/** Declarations that no import names: what a style sheet is. */
function ambient(entries) {
  return entries
    .map(file => path.join(path.dirname(file), 'css.d.ts'))
    .filter(file => fs.existsSync(file));
}

/** Files of the same package that a declaration file names. */
function ownImports(ts, text, file, options, host) {
  return ts
    .preProcessFile(text)
    .importedFiles.map(({ fileName }) => fileName)
    .filter(name => name.startsWith('.'))
    .map(name => ts.resolveModuleName(name, file, options, host).resolvedModule?.resolvedFileName)
    .filter(found => found !== undefined && /(?<!\.d)\.tsx?$/.test(found));
}
