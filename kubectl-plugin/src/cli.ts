/** One run of the program: parse, run the verb, say what went wrong, end with a code. */
import { parseLine, type ParsedLine } from './arguments';
import { EXIT, type ExitCode } from './exit-codes';
import { generalHelp, verbHelp } from './help';
import { home } from './commands/home';
import { reportFailure } from './report-failure';
import { openSession, type Session } from './session';
import { listenForSignals } from './signals';
import { openTerminal, type Terminal } from './terminal';
import { DEFAULT_GLOBALS } from './global-options';
import { UsageError } from './usage-error';
import type { Verb } from './verb';
import { VERBS } from './verbs';
import { COMPLETE, printCandidates } from './complete';

export interface CliOptions {
  readonly argv: readonly string[];
  /** This program's file, for the background process. */
  readonly program: string;
}

export async function runCli({ argv, program }: CliOptions): Promise<ExitCode> {
  if (argv[0] === COMPLETE) return printCandidates(argv.slice(1));
  let terminal: Terminal = openTerminal(DEFAULT_GLOBALS);
  let line: ParsedLine;
  try {
    line = parseLine(argv, VERBS);
    terminal = openTerminal(line.globals);
  } catch (error) {
    return reportFailure(error, terminal);
  }
  if (line.help) {
    terminal.print(line.verb === undefined ? generalHelp(VERBS) : verbHelp(line.verb));
    return EXIT.done;
  }
  const signals = listenForSignals();
  const session = openSession({ terminal, signals, globals: line.globals, program });
  try {
    if (line.verb?.onThisMachine !== undefined) await refuseRemote(line.verb, session);
    return await (line.verb ?? home).run(line.args, session);
  } catch (error) {
    return signals.exitCode() ?? (await reportFailure(error, terminal));
  } finally {
    await session.close();
    signals.forget();
  }
}

/** @throws UsageError when an address is configured, for a verb that would not call it */
async function refuseRemote({ name, onThisMachine }: Verb, session: Session): Promise<void> {
  // What is wrong with the configuration, the verb itself finds: doctor shows it.
  const config = await session.config().catch(() => undefined);
  if (config?.api === undefined) return;
  throw new UsageError(
    `${name} does not call the backend at ${config.api.url}: ${onThisMachine}`,
    'Leave out --api-url, and unset VM_MIGRATE_API_URL and apiUrl, for this call.',
  );
}
