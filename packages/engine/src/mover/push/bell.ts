/** Wakes whoever waits; who begins to wait after a ring waits for the next one. Keeps nothing of those who went on. */
export class Bell {
  private readonly waiting = new Set<() => void>();

  ring(): void {
    for (const go of [...this.waiting]) go();
  }

  /** Resolves at the next ring, or after `patienceMs`; absent: only then. */
  heard(patienceMs?: number): Promise<void> {
    return new Promise(resolve => {
      const go = (): void => {
        clearTimeout(timer);
        this.waiting.delete(go);
        resolve();
      };
      const timer = patienceMs === undefined ? undefined : setTimeout(go, patienceMs);
      this.waiting.add(go);
    });
  }
}
