/**
 * Ctrl-C and its kin. A verb that has something to bring to an end takes the signal: then the first
 * one asks it to, and the second ends the program. For every other verb the first one does.
 */
import { EXIT, type ExitCode } from './exit-codes';

export interface Signals {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP from now on. */
  take(): AbortSignal;
  /** The code to end with when a signal came, else undefined. */
  exitCode(): ExitCode | undefined;
  forget(): void;
}

const CODES = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.terminated,
} as const;
type Caught = keyof typeof CODES;

/** @param leave ends the process at once; process.exit unless a test says otherwise */
export function listenForSignals(
  leave: (code: ExitCode) => void = code => process.exit(code),
): Signals {
  const controller = new AbortController();
  let taken = false;
  let code: ExitCode | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const wanted = CODES[signal as Caught];
    if (!taken || controller.signal.aborted) leave(wanted);
    code = wanted;
    controller.abort();
  };
  const names = Object.keys(CODES) as Caught[];
  for (const name of names) process.on(name, onSignal);
  return {
    take() {
      taken = true;
      return controller.signal;
    },
    exitCode: () => code,
    forget() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
