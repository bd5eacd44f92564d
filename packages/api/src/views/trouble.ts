/** What went wrong, what was found, and how far something is. */

export interface ErrorView {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly where?: {
    readonly file?: string;
    readonly offsetBytes?: number;
    readonly line?: number;
    readonly object?: string;
  };
}

export interface FindingView {
  readonly id: string;
  readonly kind: string;
  readonly severity: 'blocks' | 'warns' | 'informs';
  readonly object: string;
  readonly cause: string;
  readonly remedy: string;
  readonly acceptable: boolean;
  readonly acceptedBy?: string;
}

export interface ProgressView {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly bytesPerSecond: number;
  /** Milliseconds; null when the rate is not known yet. */
  readonly etaMs: number | null;
}

export interface EventView {
  readonly id: number;
  readonly at: string;
  readonly migration: string | null;
  readonly step: string | null;
  readonly level: 'info' | 'warning' | 'error';
  readonly kind: string;
  readonly actor: string;
  readonly message: string;
}
