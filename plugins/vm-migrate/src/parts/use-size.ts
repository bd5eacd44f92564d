/** Sizes that rows are laid out by, as they are now. */
import { useLayoutEffect, useState, useSyncExternalStore, type RefObject } from 'react';

/** Inner width of an element, in pixels; 0 before it is there. */
export function useElementWidth(element: RefObject<HTMLElement>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const observed = element.current;
    if (observed === null) return undefined;
    setWidth(observed.clientWidth);
    const observer = new ResizeObserver(() => setWidth(observed.clientWidth));
    observer.observe(observed);
    return () => observer.disconnect();
  }, [element]);
  return width;
}

/** Pixels of one rem: rows grow with the text of a person who has made it larger. */
export function useRootFontPx(): number {
  const [px] = useState(() => parseFloat(getComputedStyle(document.documentElement).fontSize));
  return Number.isFinite(px) && px > 0 ? px : 16;
}

const NARROW_WINDOW = '(max-width: 50rem)';

/** Whether the window has no room for things side by side. */
export function useIsNarrowWindow(): boolean {
  return useSyncExternalStore(
    changed => {
      const query = globalThis.matchMedia?.(NARROW_WINDOW);
      query?.addEventListener('change', changed);
      return () => query?.removeEventListener('change', changed);
    },
    () => globalThis.matchMedia?.(NARROW_WINDOW).matches ?? false,
  );
}
