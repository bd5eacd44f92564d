/** Every check, one after the other; a check that breaks is a failed check, not the end. */
import { checkBackgroundWorkers } from './workers';
import {
  failed,
  ok,
  type Check,
  type CheckContext,
  type DoctorCheck,
  type DoctorOptions,
} from './check';
import { checkClock } from './clock';
import { checkDatabase } from './database';
import { checkMoverProgram } from './mover-program';
import { checkNativeLibrary } from './native-library';
import { checkNodeVersion } from './node-version';
import { checkNotifications } from './notifications';
import { checkSources } from './sources';
import { checkTargets } from './targets';

const CHECKS: readonly (readonly [string, Check])[] = [
  ['Node', checkNodeVersion],
  ['native library', checkNativeLibrary],
  ['mover program', checkMoverProgram],
  ['database', checkDatabase],
  ['notifications', checkNotifications],
  ['clock', checkClock],
  ['workers', checkBackgroundWorkers],
  ['sources', checkSources],
  ['targets', checkTargets],
];

export async function runDoctor({
  version,
  moverProgram,
  config,
  database,
  probe,
  target,
  moverImage,
}: DoctorOptions): Promise<DoctorCheck[]> {
  const context: CheckContext = {
    version,
    moverProgram,
    config: 'value' in config ? config.value : undefined,
    database: database !== undefined && 'value' in database ? database.value : undefined,
    ...(probe === undefined ? {} : { probe }),
    ...(target === undefined ? {} : { target }),
    ...(moverImage === undefined ? {} : { moverImage }),
  };
  const checks: DoctorCheck[] = [
    'error' in config ? failed('configuration', config.error) : ok('configuration', 'can be read'),
  ];
  if (database !== undefined && 'error' in database)
    checks.push(failed('database', database.error));
  for (const [name, check] of CHECKS) {
    try {
      checks.push(...(await check(context)));
    } catch (error) {
      checks.push(failed(name, error));
    }
  }
  return checks;
}
