/**
 * The reports in a pod's log. Standard error is in the log too, so what is no report is kept as last
 * words. Lines may come again after a cut connection; a window is handed on once.
 */
import { EngineError } from '../../../errors';
import type { MoverProgress, MoverReport, WindowReport } from '../../../mover/mover';
import { MOVER_PROTOCOL } from '../../../mover/mover';
import { parseReport } from '../../../mover/parse-report';
import { MOVER_VERSION } from '../../../mover/version';

const LAST_WORDS_LINES = 10;

export class PodLog {
  progress: MoverProgress | undefined;
  last: Extract<MoverReport, { type: 'done' | 'failed' }> | undefined;
  /** RFC 3339 time of the last line; where to go on reading. */
  seenUntil: string | undefined;
  /** Resolves when the mover has said that it runs. */
  readonly started: Promise<void>;
  private hasStarted!: () => void;
  private readonly known = new Map<number, WindowReport>();
  private fresh: WindowReport[] = [];
  private readonly words: string[] = [];

  /** @param version of the engine's own mover; a mover of another one is refused */
  constructor(private readonly version: string = MOVER_VERSION) {
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
    this.onReport(report);
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
