/** What a run could not hear of its pod, as far as it is worth saying. */
import { EngineError } from '../../../errors';
import type { Pod } from '../cluster/resources';

export class Unheard {
  /** In a row. */
  private times = 0;
  private lastWords = '';

  heard(): void {
    this.times = 0;
  }

  /** @param times that this counts for */
  missed({ metadata }: Pod, error: EngineError, times: number): void {
    this.times += times;
    this.lastWords = `word from pod ${metadata.name ?? '?'}: ${error.message}`;
  }

  /** One cut is mended within the second; more of them are why nothing is heard. */
  get words(): string | undefined {
    return this.times > 1 ? this.lastWords : undefined;
  }
}

/** The API server does not answer, or cannot reach the node. */
export function isUnreachable(error: unknown): error is EngineError {
  return error instanceof EngineError && error.code === 'CLUSTER_UNREACHABLE';
}
