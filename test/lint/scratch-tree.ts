import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');

/** A small copy of the repository's shape, with its real lint configuration, to lint planted files in. */
export class ScratchTree {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'vm-migrate-lint-'));

  constructor() {
    for (const file of ['.dependency-cruiser.js', 'eslint.config.js', 'tsconfig.json']) {
      cpSync(path.join(root, file), path.join(this.folder, file));
    }
    for (const name of ['@types', '@eslint', 'typescript-eslint', 'typescript']) {
      this.link(path.join(root, 'node_modules', name), `node_modules/${name}`);
    }
    this.link(path.join(this.folder, 'packages/engine'), 'node_modules/@vm-migrate/engine');
    this.link(path.join(this.folder, 'packages/api'), 'node_modules/@vm-migrate/api');
    cpSync(
      path.join(root, 'packages/engine/package.json'),
      path.join(this.folder, 'packages/engine/package.json'),
    );
    cpSync(
      path.join(root, 'packages/api/package.json'),
      path.join(this.folder, 'packages/api/package.json'),
    );
    for (const folder of ['plugins', 'kubectl-plugin', 'test']) {
      mkdirSync(path.join(this.folder, folder), { recursive: true });
    }
  }

  write(file: string, text: string): void {
    const full = path.join(this.folder, file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
  }

  addPackage(name: string): void {
    this.write(`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js' }));
    this.write(`node_modules/${name}/index.js`, '');
  }

  /** Runs a program of the repository's node_modules in the tree; `script` is its path there. */
  run(script: string, ...args: string[]): { status: number | null; output: string } {
    const result = spawnSync(process.execPath, [path.join(root, 'node_modules', script), ...args], {
      cwd: this.folder,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    return { status: result.status, output: result.stdout + result.stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private link(target: string, file: string): void {
    const full = path.join(this.folder, file);
    mkdirSync(path.dirname(full), { recursive: true });
    symlinkSync(target, full);
  }
}
