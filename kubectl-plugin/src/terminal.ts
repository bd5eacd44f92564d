/** Where words go: answers to stdout, everything else to stderr. */
import type { GlobalArguments, OutputFormat } from './global-options';
import { styleFor, type Style } from './output/style';

export interface Terminal {
  readonly format: OutputFormat;
  readonly headings: boolean;
  readonly verbose: boolean;
  /** Of stdout as it is now: a window changes its size. */
  readonly style: Style;
  /** Of stderr. */
  readonly errorStyle: Style;
  readonly stdout: NodeJS.WriteStream;
  /** A person looks at stdout: lines may be redrawn. */
  readonly isLive: boolean;
  /** To stdout, with a line end. */
  print(text: string | readonly string[]): void;
  /** To stderr, with a line end: hints, progress, warnings. */
  say(text: string | readonly string[]): void;
}

export function openTerminal(
  globals: GlobalArguments,
  stdout: NodeJS.WriteStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
): Terminal {
  endQuietlyWithoutReader(stdout);
  endQuietlyWithoutReader(stderr);
  const format = globals.output ?? 'table';
  const forPeople = format === 'table' || format === 'wide';
  return {
    format,
    headings: globals.headers,
    verbose: globals.verbose,
    get style() {
      return styleFor(stdout, { color: globals.color });
    },
    get errorStyle() {
      return styleFor(stderr, { color: globals.color });
    },
    stdout,
    isLive: stdout.isTTY === true && process.env['TERM'] !== 'dumb' && forPeople,
    print: text => write(stdout, text),
    say: text => write(stderr, text),
  };
}

function write(stream: NodeJS.WriteStream, text: string | readonly string[]): void {
  const whole = typeof text === 'string' ? text : text.join('\n');
  stream.write(whole.endsWith('\n') ? whole : `${whole}\n`);
}

/** `kubectl vm-migrate get vms | head -1`: the reader has what it wants. */
function endQuietlyWithoutReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
