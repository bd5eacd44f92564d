/** Programs of ours that this backend starts: the mover, and the owner of the embedded database. */
import { createRequire } from 'node:module';
import path from 'node:path';

/** From this file when it runs as it is, from the bundle's when it is part of one. */
const find = createRequire(__filename);

export function moverProgram(): string {
  return find.resolve('@vm-migrate/mover/dist/mover.cjs');
}

/** `kubectl vm-migrate`, whose verb `background` owns the database of a state folder. */
export function backgroundProgram(): string {
  return path.join(
    path.dirname(find.resolve('@vm-migrate/kubectl-plugin/package.json')),
    'dist',
    'main.cjs',
  );
}
