/** The mover is a program of its own: it must start, and be of the engine's version. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { MOVER_VERSION } from '../mover/version';
import { ok, warning, type Check } from './check';

const PATIENCE_MS = 15_000;

export const checkMoverProgram: Check = async ({ moverProgram }) => {
  const remedy = 'Build it: npm run build. In an installation: install the plugin again.';
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [moverProgram, '--version'], {
      timeout: PATIENCE_MS,
    });
    const version = stdout.trim();
    if (version === MOVER_VERSION) return [ok('mover program', `starts, version ${version}`)];
    return [
      warning('mover program', `version ${version}, the engine's is ${MOVER_VERSION}`, remedy),
    ];
  } catch (error) {
    const found =
      error instanceof Error
        ? error.message
            .split('\n')
            .filter(line => line.trim() !== '')
            .slice(0, 2)
            .join(' ')
        : String(error);
    return [
      {
        name: 'mover program',
        state: 'failed',
        found: `${moverProgram} does not start: ${found}`,
        remedy,
      },
    ];
  }
};
