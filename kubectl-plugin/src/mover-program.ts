/**
 * Where the mover's program is: beside this one in the worker's image, in its own package where both
 * were installed, in a folder of the checkout.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

export function moverProgram(program: string): string {
  const beside = path.join(path.dirname(program), 'mover.cjs');
  if (existsSync(beside)) return beside;
  try {
    return createRequire(program).resolve('@vm-migrate/mover/dist/mover.cjs');
  } catch {
    // Not installed: whoever runs it says that this one is missing.
    return beside;
  }
}
