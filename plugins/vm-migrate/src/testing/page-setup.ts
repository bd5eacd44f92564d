/** Before each test file of pages: matchers, and what a browser has that jsdom lacks. */
import '@testing-library/jest-dom';

import { configure } from '@testing-library/react';

// The machine may be busy; what comes sooner is seen sooner.
configure({ asyncUtilTimeout: 10_000 });

class NoResizeObserver implements ResizeObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

globalThis.ResizeObserver ??= NoResizeObserver;
Element.prototype.scrollIntoView ??= () => undefined;
globalThis.scrollTo = () => undefined;
