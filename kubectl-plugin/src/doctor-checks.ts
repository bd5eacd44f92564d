/** What `doctor` looks at: the engine's checks, with what this program knows. */
import type { DoctorCheck, EffectiveValue } from '@vm-migrate/engine';
import { loadEngine } from './engine-library';
import { moverProgram } from './mover-program';
import type { Session } from './session';
import { VERSION } from './version';

export interface DoctorAnswer {
  readonly checks: readonly DoctorCheck[];
  readonly values: readonly EffectiveValue[];
}

/** A configuration or database that does not work is a finding, not the end. */
export async function doctorChecks(
  session: Session,
  asked: {
    readonly target?: string;
    readonly probe?: 'all' | readonly string[];
    readonly moverImage?: string;
  } = {},
): Promise<DoctorAnswer> {
  const { runDoctor } = await loadEngine();
  const config = await outcome(() => session.config());
  const engine = 'value' in config ? await outcome(() => session.engine()) : undefined;
  const checks = await runDoctor({
    version: VERSION,
    moverProgram: moverProgram(session.program),
    ...asked,
    config,
    database:
      engine === undefined
        ? undefined
        : 'value' in engine
          ? { value: engine.value.database }
          : engine,
  });
  return { checks, values: 'value' in config ? config.value.values : [] };
}

async function outcome<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly error: unknown }> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}
