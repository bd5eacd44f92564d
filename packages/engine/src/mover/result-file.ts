/** The last report in at most 4,096 bytes: what the kubelet keeps of a container's termination message. */
import type { ErrorData } from '../errors';
import type { MoverReport } from './mover';

export const RESULT_BYTES = 4096;

type LastReport = Extract<MoverReport, { type: 'done' | 'failed' }>;

/** One JSON object that fits. A receipt always does; the sentences of an error are cut as far as needed. */
export function fittingResult(report: LastReport, maxBytes = RESULT_BYTES): string {
  const whole = JSON.stringify(report);
  if (Buffer.byteLength(whole) <= maxBytes || report.type === 'done') return whole;
  for (let characters = 1_024; characters >= 16; characters = Math.floor(characters / 2)) {
    const text = JSON.stringify({ ...report, error: cut(report.error, characters) });
    if (Buffer.byteLength(text) <= maxBytes) return text;
  }
  const { code, retry } = report.error;
  return JSON.stringify({ type: 'failed', error: { code, message: code, retry } });
}

function cut(error: ErrorData, characters: number): ErrorData {
  const short = (text: string | undefined) =>
    text === undefined || text.length <= characters ? text : `${text.slice(0, characters)}…`;
  const { where = {} } = error;
  return {
    ...error,
    message: short(error.message) ?? '',
    expected: short(error.expected),
    found: short(error.found),
    hint: short(error.hint),
    where: { ...where, file: short(where.file), object: short(where.object) },
  };
}
