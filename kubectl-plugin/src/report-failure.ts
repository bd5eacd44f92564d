/** Says on stderr what went wrong and what to do next; the code to end with. */
import { loadEngine } from './engine-library';
import { EXIT, type ExitCode } from './exit-codes';
import { errorText } from './output/error-text';
import type { Terminal } from './terminal';
import { UsageError } from './usage-error';

export async function reportFailure(error: unknown, terminal: Terminal): Promise<ExitCode> {
  if (error instanceof UsageError) {
    terminal.say([
      `${terminal.errorStyle.palette.red('error')} USAGE: ${error.message}`,
      `  ${error.hint}`,
    ]);
    return EXIT.usage;
  }
  const { toEngineError } = await loadEngine();
  const known = toEngineError(error);
  terminal.say(errorText(known.toJSON(), terminal.errorStyle));
  if (terminal.verbose && error instanceof Error && error.stack !== undefined)
    terminal.say(error.stack);
  return known.code === 'USAGE'
    ? EXIT.usage
    : known.code === 'TIMED_OUT'
      ? EXIT.timedOut
      : EXIT.failed;
}
