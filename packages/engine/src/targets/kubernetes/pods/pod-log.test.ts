import { MOVER_PROTOCOL } from '../../../mover/mover';
import { PodLog } from './pod-log';

const at = (second: number, report: object | string) =>
  `2026-11-23T18:00:${String(second).padStart(2, '0')}.5Z ${typeof report === 'string' ? report : JSON.stringify(report)}`;
const window = (index: number) => ({
  type: 'window',
  window: { index, dataBytes: 5, zeroBytes: 0, digest: 'ab'.repeat(32) },
});

describe('the log of a mover pod', () => {
  it('hands a window on once, also when lines come again after a cut connection', () => {
    const log = new PodLog();
    log.take(at(1, window(0)));
    log.take(at(2, window(1)));
    expect(log.drain().map(one => one.index)).toEqual([0, 1]);
    expect(log.seenUntil).toBe('2026-11-23T18:00:02.5Z');
    log.take(at(2, window(1)));
    log.take(at(3, window(2)));
    expect(log.drain().map(one => one.index)).toEqual([2]);
    expect(log.windows().size).toBe(3);
  });

  it('keeps what is no report as last words', () => {
    const log = new PodLog();
    log.take(at(1, '(node:1) Warning: something'));
    log.take(at(1, '{"type":"window","window":{"index":0,"dataBy'));
    expect(log.drain()).toEqual([]);
    expect(log.lastWords()).toMatch(/Warning: something \| \{"type"/);
  });

  it.each([
    ['protocol', { protocol: MOVER_PROTOCOL + 1, version: '1.0.0' }],
    ['version', { protocol: MOVER_PROTOCOL, version: '0.9.0' }],
  ])('is refused from a mover of another %s', (_, change) => {
    const log = new PodLog({ version: '1.0.0' });
    const started = { type: 'started', pid: 1, startedAt: '', ...change };
    expect(() => log.take(at(1, started))).toThrow(
      expect.objectContaining({ code: 'MOVER_VERSION' }),
    );
  });
});
