import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder for the tests of one describe block (or file), made at once and removed after the last of them. */
export function tempFolder(): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'vm-migrate-test-')));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
