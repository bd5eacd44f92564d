/** Where the mover's program is: beside this one when installed, in its own package in a checkout. */
import { existsSync } from 'node:fs';
import path from 'node:path';

export function moverProgram(program: string): string {
  const here = path.dirname(program);
  const candidates = [
    path.join(here, 'mover.cjs'),
    path.join(here, '..', '..', 'packages', 'mover', 'dist', 'mover.cjs'),
  ];
  return candidates.find(file => existsSync(file)) ?? path.join(here, 'mover.cjs');
}
