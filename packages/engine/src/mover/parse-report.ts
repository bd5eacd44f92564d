/** A line of the mover's stdout as a report, or a refusal: half-understood reports are worse than none. */
import { EngineError } from '../errors';
import type { MoverReport } from './mover';

type Check = (value: unknown) => boolean;

const text: Check = value => typeof value === 'string';
const count: Check = value =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const hex: Check = value => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const finite: Check = value => typeof value === 'number' && Number.isFinite(value);
const phase: Check = value => value === 'copying' || value === 'verifying' || value === 'hashing';
const optional =
  (check: Check): Check =>
  value =>
    value === undefined || check(value);
const shape =
  (fields: Readonly<Record<string, Check>>): Check =>
  value =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(fields).every(([name, check]) =>
      check((value as Record<string, unknown>)[name]),
    );

const REPORTS: Readonly<Record<MoverReport['type'], Check>> = {
  started: shape({
    protocol: count,
    version: text,
    pid: count,
    startedAt: text,
    layerId: optional(text),
  }),
  progress: shape({
    progress: shape({ bytesDone: count, bytesTotal: count, bytesPerSecond: finite, phase }),
    layerId: optional(text),
  }),
  window: shape({
    window: shape({ index: count, dataBytes: count, zeroBytes: count, digest: hex }),
    layerId: optional(text),
  }),
  done: shape({
    receipt: shape({
      order: value =>
        value === 'apply' ||
        value === 'hash-volume' ||
        value === 'hash-chain' ||
        value === 'pattern',
      runId: text,
      layerId: optional(text),
      bytes: shape({ data: count, zero: count, written: count, read: count }),
      windowsDigest: optional(hex),
      stateDigest: optional(hex),
      volumeDigest: optional(hex),
      table: optional(shape({ path: text, sha256: hex })),
      differsAt: optional(count),
      startedAt: text,
      finishedAt: text,
      durationMs: count,
      moverVersion: text,
    }),
  }),
  failed: shape({ error: shape({ code: text, message: text }) }),
};

/** @throws EngineError MOVER_FAILED when the line is not a report */
export function parseReport(line: string): MoverReport {
  try {
    const value = JSON.parse(line) as { type?: unknown };
    const check =
      typeof value.type === 'string' && Object.hasOwn(REPORTS, value.type)
        ? REPORTS[value.type as MoverReport['type']]
        : undefined;
    if (check?.(value) === true) return value as MoverReport;
  } catch {
    // Falls through: no JSON, or null.
  }
  throw new EngineError('MOVER_FAILED', {
    expected: 'a report, one JSON object a line',
    found: JSON.stringify(line.slice(0, 200)),
    hint: 'Something else than the mover program answered. Check the path of the program.',
    retry: 'never',
  });
}
