/**
 * A view that stays in place on a terminal and follows what happens: redrawn at most eight times a
 * second, only the lines that changed, with the scrollback left alone and the cursor given back
 * however the program ends.
 */
import { clip, displayWidth } from './display-width';
import { styleFor, type Style, type StyledStream, type StyleOptions } from './style';

const REDRAW_MS = 125;

export interface LiveStream extends StyledStream {
  readonly rows?: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

export interface LiveView {
  /** Something changed: draw now, or as soon as the last drawing is old enough. */
  redraw(): void;
  /** A line that stays: printed above the view. */
  print(line: string): void;
  /** Draws once more, in full length, leaves it on the screen and gives the cursor back. Safe to repeat. */
  stop(): void;
}

const HIDE = '\x1b[?25l';
const SHOW = '\x1b[?25h';
const CLEAR_LINE = '\x1b[2K';
const CLEAR_BELOW = '\x1b[J';
/** Without wrapping a line that is wider than we think cannot push the others down. */
const NO_WRAP = '\x1b[?7l';
const WRAP = '\x1b[?7h';
const up = (lines: number): string => (lines > 0 ? `\x1b[${lines}A` : '');

/** @param render lines without line ends; wider ones are cut at the screen's edge */
export function liveView(
  stream: LiveStream,
  render: (style: Style) => readonly string[],
  options: StyleOptions = {},
): LiveView {
  const view = new Screen(stream, render, options);
  view.start();
  return view;
}

class Screen implements LiveView {
  /** Lines that stand on the screen now, top to bottom; the cursor is below the last. */
  private shown: readonly string[] = [];
  private drawnAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  /** Behind a shell that has the terminal now. */
  private paused = false;

  constructor(
    private readonly stream: LiveStream,
    private readonly render: (style: Style) => readonly string[],
    private readonly options: StyleOptions,
  ) {}

  start(): void {
    this.stream.on('resize', this.onResize);
    // `exit` comes after every way out but SIGKILL: process.exit, an exception that nobody caught, the
    // end of all work. A signal without a handler ends the process without it.
    process.on('exit', this.giveBack);
    for (const signal of SIGNALS) process.on(signal, this.onSignal);
    process.on('SIGTSTP', this.onPause);
    process.on('SIGCONT', this.onContinue);
    this.stream.write(HIDE);
    this.draw();
  }

  redraw(): void {
    if (this.stopped || this.timer !== undefined) return;
    const wait = this.drawnAt + REDRAW_MS - performance.now();
    if (wait <= 0) return this.draw();
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.draw();
    }, wait);
  }

  print(line: string): void {
    if (this.stopped) {
      this.stream.write(`${line}\n`);
      return;
    }
    this.stream.write(`${up(this.shown.length)}\r${CLEAR_BELOW}${line}\n`);
    this.shown = [];
    this.draw();
  }

  stop(): void {
    if (this.stopped) return;
    // The whole of it, also what was above the screen's top edge, stays in the scrollback.
    const lines = this.lines();
    this.stream.write(
      `${up(this.shown.length)}\r${CLEAR_BELOW}${lines.map(line => `${line}\n`).join('')}`,
    );
    this.giveBack();
  }

  private readonly giveBack = (): void => {
    if (this.stopped) return;
    this.stopped = true;
    clearTimeout(this.timer);
    this.stream.off('resize', this.onResize);
    process.off('exit', this.giveBack);
    for (const signal of SIGNALS) process.off(signal, this.onSignal);
    process.off('SIGTSTP', this.onPause);
    process.off('SIGCONT', this.onContinue);
    this.stream.write(WRAP + SHOW);
  };

  /** Somebody else may handle the signal too and go on; else the process ends as it would have without us. */
  private readonly onSignal = (signal: NodeJS.Signals): void => {
    const others = process.listenerCount(signal) > 1;
    this.giveBack();
    if (!others) process.kill(process.pid, signal);
  };

  /** Ctrl-Z: the shell wants its cursor; SIGSTOP is what stops us now that SIGTSTP is handled. */
  private readonly onPause = (): void => {
    this.paused = true;
    this.stream.write(WRAP + SHOW);
    process.kill(process.pid, 'SIGSTOP');
  };

  /** Back again, below whatever was written meanwhile. */
  private readonly onContinue = (): void => {
    this.paused = false;
    this.shown = [];
    this.stream.write(HIDE);
    this.draw();
  };

  /**
   * Nearly every terminal wraps long lines anew when its width changes, so what we drew may now
   * take more rows; whole lines are cleared, or their rest would be joined to ours later. The
   * original xterm cuts lines instead, and says who it is.
   */
  private readonly onResize = (): void => {
    if (this.stopped || this.paused) return;
    const env = this.options.env ?? process.env;
    const { width } = styleFor(this.stream, this.options);
    const rows =
      env['XTERM_VERSION'] === undefined
        ? this.shown.reduce(
            (sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / width)),
            0,
          )
        : this.shown.length;
    this.stream.write(`${up(rows)}\r${CLEAR_BELOW}`);
    this.shown = [];
    this.draw();
  };

  private lines(): string[] {
    const style = styleFor(this.stream, this.options);
    return this.render(style).map(line => clip(line, style.width));
  }

  /** Whoever catches a defect in `render` finds the terminal as it was. */
  private linesOrGiveBack(): string[] {
    try {
      return this.lines();
    } catch (defect) {
      this.giveBack();
      throw defect;
    }
  }

  /** No more than the screen holds, or the cursor could not go back to the first line. */
  private fitting(lines: readonly string[]): readonly string[] {
    const room = Math.max(1, (this.stream.rows ?? 24) - 1);
    if (lines.length <= room) return lines;
    const hidden = lines.length - room + 1;
    return [...lines.slice(0, room - 1), `... ${hidden} more lines; the window is too low`];
  }

  private draw(): void {
    if (this.stopped || this.paused) return;
    this.drawnAt = performance.now();
    const next = this.fitting(this.linesOrGiveBack());
    const update = changes(this.shown, next);
    this.shown = next;
    if (update !== '') this.stream.write(NO_WRAP + update + WRAP);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** From the line below `old` to the line below `next`, touching only what differs. */
function changes(old: readonly string[], next: readonly string[]): string {
  const first = next.findIndex((line, index) => line !== old[index]);
  const from = first < 0 ? next.length : first;
  if (from === next.length && old.length === next.length) return '';
  let text = `${up(old.length - from)}\r`;
  for (let index = from; index < next.length; index += 1) {
    const line = next[index] ?? '';
    const same = index < old.length && line === old[index];
    // Down by a line feed: below the old end the screen scrolls, where a cursor movement would stop.
    text += same ? '\n' : `${CLEAR_LINE}${line}\r\n`;
  }
  return next.length < old.length ? text + CLEAR_BELOW : text;
}
