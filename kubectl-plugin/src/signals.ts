/** Ctrl-C and its kin: the first asks the verb to come to an end, the second ends the program. */
import { EXIT, type ExitCode } from './exit-codes';

export interface Signals {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly stop: AbortSignal;
  /** The code to end with when a signal came, else undefined. */
  exitCode(): ExitCode | undefined;
  forget(): void;
}

const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.terminated } as const;

/** @param leave ends the process at once; process.exit unless a test says otherwise */
export function listenForSignals(leave: (code: ExitCode) => void = code => process.exit(code)): Signals {
  const controller = new AbortController();
  let code: ExitCode | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const wanted = CODES[signal as keyof typeof CODES] ?? EXIT.terminated;
    if (controller.signal.aborted) leave(wanted);
    code = wanted;
    controller.abort();
  };
  const names = Object.keys(CODES) as (keyof typeof CODES)[];
  for (const name of names) process.on(name, onSignal);
  return {
    stop: controller.signal,
    exitCode: () => code,
    forget() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
