/** Sizes that rows are laid out by, as they are now. */
import { useLayoutEffect, useState, type RefObject } from 'react';

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
