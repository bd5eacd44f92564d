/** What happened, one line an event: when, how grave, whose, what. */
import type { EventView } from '@vm-migrate/api';
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
    const at = `${event.at.slice(0, 19).replace('T', ' ')}Z`;
    const plain = `${at}  ${level}${owner}  `;
    const room = Math.max(20, style.width - displayWidth(plain));
    const [first = '', ...rest] = wrapWords(`${printable(event.message)}${by(event)}`, room);
    const start = `${palette.dim(at)}  ${palette[COLORS[event.level]](level)}${owner}  `;
    return [start + first, ...rest.map(line => ' '.repeat(displayWidth(plain)) + line)];
  });
}

/** Who asked for it; the engine's own steps need no name. */
function by({ actor }: EventView): string {
  return actor === '' || /^(system|engine|worker)\b/.test(actor) ? '' : ` (by ${printable(actor)})`;
}
