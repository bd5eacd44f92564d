/** Says a trouble when it begins, when it becomes another, and when it is over: a night of it is one line. */
import type { LoggerService } from '@backstage/backend-plugin-api';

export class Troubles {
  readonly #said = new Map<string, string>();

  constructor(private readonly log: Pick<LoggerService, 'info' | 'warn'>) {}

  /** `error` undefined: there is none. */
  note(what: string, error: string | undefined): void {
    if (this.#said.get(what) === error) return;
    if (error === undefined) {
      this.#said.delete(what);
      this.log.info(`vm-migrate: ${what} answers again`);
    } else {
      this.#said.set(what, error);
      this.log.warn(`vm-migrate: ${what} does not answer, its VMs stay as they are: ${error}`);
    }
  }

  /** Whatever it throws is noted, and not thrown. */
  async attend(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.note(what, undefined);
    } catch (error) {
      this.note(what, error instanceof Error ? error.message : String(error));
    }
  }
}
