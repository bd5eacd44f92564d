/** The few signs that our output is drawn with, and their ASCII forms. */
import type { Style } from './style';

export interface Marks {
  readonly kept: string;
  readonly ready: string;
  readonly merged: string;
  readonly current: string;
  readonly rail: string;
  /** One lane forks off to the right of this one. */
  readonly fork: string;
  readonly arrow: string;
  readonly blocks: string;
  readonly warns: string;
  readonly informs: string;
  readonly ok: string;
  readonly full: string;
  readonly empty: string;
  readonly dot: string;
}

const UNICODE: Marks = {
  kept: '○',
  ready: '●',
  merged: '◌',
  current: '◆',
  rail: '│',
  fork: '├─╮',
  arrow: '→',
  blocks: '✗',
  warns: '!',
  informs: '·',
  ok: '✓',
  full: '█',
  empty: '░',
  dot: '·',
};

const ASCII: Marks = {
  kept: 'o',
  ready: '*',
  merged: '.',
  current: '@',
  rail: '|',
  fork: '|\\',
  arrow: '->',
  blocks: 'x',
  warns: '!',
  informs: '-',
  ok: 'ok',
  full: '#',
  empty: '.',
  dot: '-',
};

export function marksOf({ symbols }: Pick<Style, 'symbols'>): Marks {
  return symbols === 'unicode' ? UNICODE : ASCII;
}
