import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { liveView, type LiveStream } from './live';

/** A terminal of our own: what stands on it after everything that was written. */
class Terminal extends EventEmitter implements LiveStream {
  readonly isTTY = true;
  readonly screen: string[] = [''];
  written = '';
  private row = 0;
  private column = 0;
  cursor: 'shown' | 'hidden' = 'shown';

  constructor(
    public columns = 40,
    public rows = 10,
  ) {
    super();
  }

  write(text: string): void {
    this.written += text;
    // eslint-disable-next-line no-control-regex -- what a terminal reads
    for (const [token] of text.matchAll(/\x1b\[(\??[0-9;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]/gu))
      this.take(token);
  }

  /** Rows that a person sees, without the scrollback. */
  private get top(): number {
    return Math.max(0, this.screen.length - this.rows);
  }

  /** As most terminals do it: lines that are too long now go on in the next row. */
  resize(columns: number): void {
    this.columns = columns;
    const rows = this.screen.map(line => line.match(new RegExp(`.{1,${columns}}`, 'g')) ?? ['']);
    this.row = rows.slice(0, this.row).flat().length;
    this.screen.splice(0, this.screen.length, ...rows.flat());
    this.emit('resize');
  }

  private take(token: string): void {
    if (token === '\r') this.column = 0;
    else if (token === '\n') {
      this.row += 1;
      this.column = 0;
      if (this.row === this.screen.length) this.screen.push('');
    } else if (token.endsWith('A') && token.startsWith('\x1b')) {
      this.row = Math.max(this.top, this.row - Number(token.slice(2, -1)));
    } else if (token === '\x1b[2K') this.screen[this.row] = '';
    else if (token === '\x1b[J') {
      this.screen.splice(this.row + 1);
      this.screen[this.row] = (this.screen[this.row] ?? '').slice(0, this.column);
    } else if (token === '\x1b[?25l') this.cursor = 'hidden';
    else if (token === '\x1b[?25h') this.cursor = 'shown';
    else if (!token.startsWith('\x1b')) {
      const line = this.screen[this.row] ?? '';
      this.screen[this.row] = line.slice(0, this.column) + token + line.slice(this.column + 1);
      this.column += 1;
    }
  }
}

const env = { LANG: 'C.UTF-8' };

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick'] }));
afterEach(() => void jest.useRealTimers());

it('redraws only the lines that changed, at most eight times a second', () => {
  const terminal = new Terminal();
  let lines = ['one', 'two', 'three'];
  let renders = 0;
  const view = liveView(terminal, () => ((renders += 1), lines), { env });
  expect(terminal.screen).toEqual(['one', 'two', 'three', '']);
  lines = ['one', 'TWO', 'three'];
  terminal.written = '';
  for (let i = 0; i < 100; i += 1) view.redraw();
  expect(renders).toBe(1);
  jest.advanceTimersByTime(125);
  expect(renders).toBe(2);
  expect(terminal.screen).toEqual(['one', 'TWO', 'three', '']);
  expect(terminal.written).toContain('TWO');
  expect(terminal.written).not.toMatch(/one|three/);
  view.stop();
});

it('grows, shrinks, and leaves what stood above it alone', () => {
  const terminal = new Terminal();
  terminal.write('$ status --watch\n');
  let lines = ['a'];
  const view = liveView(terminal, () => lines, { env });
  for (const next of [['a', 'b', 'c'], ['c'], [], ['x', 'y']]) {
    lines = next;
    view.redraw();
    jest.advanceTimersByTime(125);
    expect(terminal.screen).toEqual(['$ status --watch', ...next, '']);
  }
  view.print('it stays');
  expect(terminal.screen).toEqual(['$ status --watch', 'it stays', 'x', 'y', '']);
  view.stop();
  expect(terminal.screen).toEqual(['$ status --watch', 'it stays', 'x', 'y', '']);
});

it('shows what fits on a low screen, and all of it at the end', () => {
  const terminal = new Terminal(40, 5);
  const lines = Array.from({ length: 8 }, (_, index) => `line ${index}`);
  const view = liveView(terminal, () => lines, { env });
  expect(terminal.screen).toEqual([
    'line 0',
    'line 1',
    'line 2',
    '... 5 more lines; the window is too low',
    '',
  ]);
  view.stop();
  expect(terminal.screen).toEqual([...lines, '']);
});

it('draws anew for a new width, where the terminal has wrapped what stood there', () => {
  const terminal = new Terminal(40, 10);
  terminal.write('$ status\n');
  const view = liveView(terminal, style => ['='.repeat(style.width), 'end'], { env });
  terminal.resize(15);
  expect(terminal.screen).toEqual(['$ status', '='.repeat(15), 'end', '']);
  terminal.resize(30);
  expect(terminal.screen).toEqual(['$ status', '='.repeat(30), 'end', '']);
  view.stop();
});

it('cuts a line that is too wide rather than lose count', () => {
  const terminal = new Terminal(10, 10);
  const view = liveView(terminal, () => ['x'.repeat(30), 'b'], { env });
  expect(terminal.screen).toEqual(['x'.repeat(10), 'b', '']);
  view.stop();
});

it('gives the cursor back once, and its listeners with it', () => {
  const before = ['exit', 'SIGINT', 'SIGTSTP', 'SIGCONT'].map(event =>
    process.listenerCount(event),
  );
  const terminal = new Terminal();
  const view = liveView(terminal, () => ['a'], { env });
  expect(terminal.cursor).toBe('hidden');
  view.stop();
  view.stop();
  view.redraw();
  expect(terminal.cursor).toBe('shown');
  expect(terminal.screen).toEqual(['a', '']);
  expect(terminal.listenerCount('resize')).toBe(0);
  expect(
    ['exit', 'SIGINT', 'SIGTSTP', 'SIGCONT'].map(event => process.listenerCount(event)),
  ).toEqual(before);
});

it('gives the cursor back when rendering fails', () => {
  const terminal = new Terminal();
  let fails = false;
  const view = liveView(
    terminal,
    () => {
      if (fails) throw new Error('defect');
      return ['a'];
    },
    { env },
  );
  fails = true;
  jest.advanceTimersByTime(200);
  expect(() => view.redraw()).toThrow('defect');
  expect(terminal.cursor).toBe('shown');
});

describe('in a process of its own', () => {
  // The real signals and the real end of a process; the program is bundled from the source.
  const program = (body: string): string => {
    const built = spawnSync(
      process.execPath,
      [
        require.resolve('esbuild/bin/esbuild'),
        '--bundle',
        '--platform=node',
        '--format=cjs',
        '--log-level=error',
      ],
      {
        input: `import { liveView } from './live'; const out = { isTTY: true, columns: 40, rows: 10, on() {}, off() {}, write: text => require('node:fs').writeSync(1, text) }; const view = liveView(out, () => ['a'], { env: {} }); ${body}`,
        cwd: __dirname,
        encoding: 'utf8',
      },
    );
    if (built.status !== 0) throw new Error(built.stderr);
    return built.stdout;
  };
  const SHOWN = /\x1b\[\?25h$/; // eslint-disable-line no-control-regex -- the cursor

  it.each([
    [
      'an exception',
      `setTimeout(() => { throw new Error('x') }, 1); setTimeout(() => {}, 9999)`,
      1,
      null,
    ],
    ['process.exit', `process.exit(3)`, 3, null],
    [
      'SIGTERM',
      `process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 9999)`,
      null,
      'SIGTERM',
    ],
    ['SIGINT', `process.kill(process.pid, 'SIGINT'); setTimeout(() => {}, 9999)`, null, 'SIGINT'],
    ['the end of all work', ``, 0, null],
  ])('the cursor is back after %s', (_, body, code, signal) => {
    const ended = spawnSync(process.execPath, ['-e', program(body)], { encoding: 'utf8' });
    expect([ended.status, ended.signal]).toEqual([code, signal]);
    expect(ended.stdout).toMatch(SHOWN);
  });
});
