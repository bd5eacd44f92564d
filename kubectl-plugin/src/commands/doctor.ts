/** doctor: what is wrong, why, and what to do; then every effective value of the configuration. */
import type { DoctorCheck } from '@vm-migrate/engine';
import { doctorChecks } from '../doctor-checks';
import { EXIT } from '../exit-codes';
import { doctorText } from '../output/doctor-text';
import { printAnswer } from '../print';
import { defineVerb } from '../verb';

export const doctor = defineVerb({
  name: 'doctor',
  group: 'run',
  summary: 'check database, sources, targets and this machine; show where each setting comes from',
  details: ['Exit code 1 when a check failed. Nothing is changed.'],
  positionals: {},
  options: {},
  examples: [
    { command: 'doctor', why: 'cause and remedy of what is wrong' },
    { command: 'doctor -o json', why: 'for monitoring' },
  ],
  operations: [],

  async run(_args, session) {
    const { checks, values } = await doctorChecks(session);
    await printAnswer(session.terminal, {
      data: { kind: 'Doctor', checks, values },
      names: () => checks.filter(({ state }) => state !== 'ok').map(({ name }) => `check/${name}`),
      text: () => doctorText(checks, values, session.terminal.style),
    });
    return checks.some(({ state }: DoctorCheck) => state === 'failed') ? EXIT.failed : EXIT.done;
  },
});
