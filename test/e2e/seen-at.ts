/** When a page shows something, by the clock of this machine, noted in the page itself: how often a test asks adds nothing. */
import type { Page } from 'playwright-core';

export interface Sight {
  /** Resolves with the moment (Date.now) at which it stood in the page. @throws Error after `timeoutMs` */
  at(timeoutMs?: number): Promise<number>;
}

/** Of a browser, as far as it is needed: these files are compiled for Node. */
interface Browsing {
  readonly document: {
    readonly body: unknown;
    querySelectorAll(selector: string): Iterable<{ readonly textContent: string | null }>;
  };
  readonly MutationObserver: new (changed: () => void) => {
    observe(of: unknown, what: Record<string, boolean>): void;
    disconnect(): void;
  };
}

/**
 * Looks from now on for an element that has all the words; when this returns, the page is looking.
 * @throws Error when it is there already: its coming would tell nothing
 */
export async function lookFor(
  page: Page,
  selector: string,
  words: readonly string[],
): Promise<Sight> {
  const handle = await page.evaluateHandle(
    ([which, all]) => {
      const { document, MutationObserver } = globalThis as unknown as Browsing;
      const isThere = () =>
        [...document.querySelectorAll(which)].some(element =>
          all.every(word => element.textContent?.includes(word)),
        );
      if (isThere()) throw new Error(`already shown: ${all.join(', ')}`);
      const at = new Promise<number>(resolve => {
        const observer = new MutationObserver(() => {
          if (!isThere()) return;
          observer.disconnect();
          resolve(Date.now());
        });
        observer.observe(document.body, { childList: true, subtree: true, characterData: true });
      });
      return { at };
    },
    [selector, words] as const,
  );
  return {
    at: (timeoutMs = 60_000) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(
          () => reject(new Error(`not shown within ${timeoutMs} ms: ${words.join(', ')}`)),
          timeoutMs,
        );
      });
      return Promise.race([handle.evaluate(({ at }) => at), late]).finally(() =>
        clearTimeout(timer),
      );
    },
  };
}
