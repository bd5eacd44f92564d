/**
 * The reports in a pod's log, which may hold those of several layers: only one's are taken. Standard error is in the log too, so what is no report is kept as last
 * words. Lines may come again after a cut connection; a window is handed on once.
 */
import { EngineError } from '../../../errors';
import type { MoverProgress, MoverReport, WindowReport } from '../../../mover/mover';
import { MOVER_PROTOCOL } from '../../../mover/mover';
import { parseReport } from '../../../mover/parse-report';
import { MOVER_VERSION } from '../../../mover/version';

const LAST_WORDS_LINES = 10;

export interface LogPart {
  /** Reports about other layers are not ours. Absent: all are. */
  readonly layerId?: string;
  /** Windows that the store holds: they are not handed on. */
  readonly known?: readonly WindowReport[];
  /** Of the engine's own mover; a mover of another one is refused. */
  readonly version?: string;
}

export class PodLog {
  progress: MoverProgress | undefined;
  last: Extract<MoverReport, { type: 'done' | 'failed' }> | undefined;
  /** RFC 3339 time of the last line; where to go on reading. */
  seenUntil: string | undefined;
  /** Something was said about this layer. */
  begun = false;
  /** The first report of all that was read; a log that begins later was rotated, and lacks windows. */
  firstReport: MoverReport['type'] | undefined;
  /** Resolves when the mover has said that it runs. */
  readonly started: Promise<void>;
  private hasStarted!: () => void;
  private readonly known: Map<number, WindowReport>;
  private readonly version: string;
  private fresh: WindowReport[] = [];
  private readonly words: string[] = [];

  constructor(private readonly part: LogPart = {}) {
    this.version = part.version ?? MOVER_VERSION;
    this.known = new Map((part.known ?? []).map(window => [window.index, window]));
    this.started = new Promise(resolve => {
      this.hasStarted = resolve;
    });
  }

  /** One line as `timestamps` gives it. @throws EngineError MOVER_VERSION */
  take(line: string): void {
    const space = line.indexOf(' ');
    if (space < 0) return;
    this.seenUntil = line.slice(0, space);
    const text = line.slice(space + 1);
    const report = readReport(text);
    if (report === undefined) {
      if (text.trim() !== '') this.words.push(text.trim());
      if (this.words.length > LAST_WORDS_LINES) this.words.shift();
      return;
    }
    this.firstReport ??= report.type;
    if (this.isOurs(report)) this.onReport(report);
  }

  private isOurs(report: MoverReport): boolean {
    const said =
      report.type === 'done' ? report.receipt.layerId : 'layerId' in report && report.layerId;
    const { layerId } = this.part;
    // A failure names no layer: it is the last that a mover says, and those before went well.
    const isOurs = layerId === undefined || typeof said !== 'string' || said === layerId;
    this.begun ||= isOurs;
    return isOurs;
  }

  /** Windows since the last call. */
  drain(): readonly WindowReport[] {
    const windows = this.fresh;
    this.fresh = [];
    return windows;
  }

  windows(): ReadonlyMap<number, WindowReport> {
    return this.known;
  }

  lastWords(): string | undefined {
    return this.words.length === 0 ? undefined : this.words.join(' | ');
  }

  private onReport(report: MoverReport): void {
    switch (report.type) {
      case 'started':
        if (report.protocol === MOVER_PROTOCOL && report.version === this.version)
          return this.hasStarted();
        throw new EngineError('MOVER_VERSION', {
          expected: `mover ${this.version} of protocol ${MOVER_PROTOCOL}`,
          found: `mover ${report.version} of protocol ${report.protocol}`,
          hint: 'Use the image that was built with this engine (`moverImage` of the target).',
        });
      case 'progress':
        this.progress = report.progress;
        return;
      case 'window':
        if (this.known.has(report.window.index)) return;
        this.known.set(report.window.index, report.window);
        this.fresh.push(report.window);
        return;
      case 'done':
      case 'failed':
        this.last = report;
    }
  }
}

function readReport(text: string): MoverReport | undefined {
  if (!text.startsWith('{"type":')) return undefined;
  try {
    return parseReport(text);
  } catch {
    // Cut short, or a line that only looks like one.
    return undefined;
  }
}
