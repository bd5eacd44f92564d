/** What happened, one line an event: when, how grave, whose, what. */
import { logTime, logWords, type EventView } from '@vm-migrate/api';
import { displayWidth, padEnd, wrapWords } from './display-width';
import { printable } from './escape';
import type { Palette, Style } from './style';

const COLORS: Readonly<Record<EventView['level'], keyof Palette>> = {
  info: 'dim',
  warning: 'yellow',
  error: 'red',
};

export interface EventsOptions {
  /** Several migrations: say which. */
  readonly migrations?: 'shown' | 'known';
}

export function eventsText(
  events: readonly EventView[],
  style: Style,
  options: EventsOptions = {},
): string {
  return eventLines(events, style, options).join('\n');
}

/** Long messages go on under themselves on a terminal; in a file an event is one line. */
export function eventLines(
  events: readonly EventView[],
  style: Style,
  { migrations = 'known' }: EventsOptions = {},
): string[] {
  const widest = events.reduce(
    (most, { migration }) => Math.max(most, (migration ?? '-').length),
    0,
  );
  return events.flatMap(event => {
    const { palette } = style;
    const level = padEnd(event.level, 'warning'.length);
    const owner =
      migrations === 'shown' ? `  ${padEnd(printable(event.migration ?? '-'), widest)}` : '';
    const at = logTime(event);
    const plain = `${at}  ${level}${owner}  `;
    const room = Math.max(20, style.width - displayWidth(plain));
    const [first = '', ...rest] = wrapWords(logWords(event), room);
    const start = `${palette.dim(at)}  ${palette[COLORS[event.level]](level)}${owner}  `;
    return [start + first, ...rest.map(line => ' '.repeat(displayWidth(plain)) + line)];
  });
}
