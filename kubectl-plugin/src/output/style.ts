/** How a stream wants its text: colours, width, and whether it can show more than ASCII. */

export type ColorChoice = 'auto' | 'always' | 'never';

/** Each turns plain text into the same text in that colour; the identity where colour is off. */
export interface Palette {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly blue: (text: string) => string;
  readonly cyan: (text: string) => string;
}

export interface Style {
  readonly palette: Palette;
  /** Columns that a line may use; `Infinity` where nobody wraps, as in a file or a pipe. */
  readonly width: number;
  /** What our own marks and rails are drawn with. Names from the source stay as they are. */
  readonly symbols: 'unicode' | 'ascii';
}

export interface StyleOptions {
  readonly color?: ColorChoice;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The part of a stream that decides; process.stdout has it. */
export interface StyledStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * `auto` means colour on a terminal, unless NO_COLOR is set (to anything but nothing) or TERM is
 * `dumb`. COLUMNS counts where the stream itself does not know its width.
 */
export function styleFor(
  stream: StyledStream,
  { color = 'auto', env = process.env }: StyleOptions = {},
): Style {
  return {
    palette: wantsColor(stream, color, env) ? COLORS : PLAIN,
    width: widthOf(stream, env),
    symbols: speaksUtf8(env) ? 'unicode' : 'ascii',
  };
}

function wantsColor(
  stream: StyledStream,
  color: ColorChoice,
  env: NonNullable<StyleOptions['env']>,
): boolean {
  if (color !== 'auto') return color === 'always';
  const refused = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return stream.isTTY === true && !refused;
}

function widthOf(stream: StyledStream, env: NonNullable<StyleOptions['env']>): number {
  if (stream.columns !== undefined && stream.columns > 0) return stream.columns;
  const stated = Number(env['COLUMNS']);
  if (Number.isInteger(stated) && stated > 0) return stated;
  return stream.isTTY === true ? 80 : Infinity;
}

/** POSIX: the first of the three that is set decides; none set means the C locale. */
function speaksUtf8(env: NonNullable<StyleOptions['env']>): boolean {
  if (env['TERM'] === 'dumb') return false;
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return /utf-?8/i.test(locale);
}

const sgr =
  (on: number, off: number) =>
  (text: string): string =>
    text === '' ? '' : `\x1b[${on}m${text}\x1b[${off}m`;

const same = (text: string): string => text;

export const COLORS: Palette = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  blue: sgr(34, 39),
  cyan: sgr(36, 39),
};

export const PLAIN: Palette = {
  bold: same,
  dim: same,
  red: same,
  green: same,
  yellow: same,
  blue: same,
  cyan: same,
};
