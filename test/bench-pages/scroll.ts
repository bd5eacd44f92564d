/** One page, scrolled by the wheel for a while, and what its frames took. */
import type { Browser, Page } from 'playwright-core';

export interface ScrollOrder {
  readonly url: string;
  /** What is scrolled, or stands in it. */
  readonly at: string;
  /** A button that is pressed first. */
  readonly press?: string;
  readonly ms: number;
}

export interface Scrolled {
  readonly frames: number;
  /** From one frame to the next. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  /** Longer than 50 ms. */
  readonly longTasks: number;
  /** Of each frame on average. */
  readonly scriptMs: number;
  readonly layoutMs: number;
  readonly taskMs: number;
  readonly scrolledPx: number;
  readonly profile: unknown;
}

const WHEEL_PX = 180;
const WHEEL_MS = 16;

export async function scroll(
  browser: Browser,
  { url, at, press, ms }: ScrollOrder,
): Promise<Scrolled> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  try {
    await page.goto(url);
    const rows = page.locator(at);
    await rows.first().waitFor();
    if (press !== undefined) await page.getByRole('button', { name: press }).click();
    await rows.nth(1).hover();
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    await devtools.send('Profiler.enable');
    await page.evaluate(WATCH_FRAMES);
    await devtools.send('Profiler.start');
    const before = await metricsOf(devtools);
    await wheel(page, ms);
    const after = await metricsOf(devtools);
    const { profile } = await devtools.send('Profiler.stop');
    const seen = await page.evaluate<{ frames: number[]; long: number; px: number }>('watched()');
    const sorted = seen.frames.toSorted((a, b) => a - b);
    const part = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const perFrame = (...names: string[]) =>
      (names.reduce((sum, name) => sum + (after.get(name) ?? 0) - (before.get(name) ?? 0), 0) *
        1000) /
      sorted.length;
    return {
      frames: sorted.length,
      p50Ms: part(0.5),
      p95Ms: part(0.95),
      maxMs: sorted.at(-1) ?? 0,
      longTasks: seen.long,
      scriptMs: perFrame('ScriptDuration'),
      layoutMs: perFrame('LayoutDuration', 'RecalcStyleDuration'),
      taskMs: perFrame('TaskDuration'),
      scrolledPx: Math.round(seen.px),
      profile,
    };
  } finally {
    await page.close();
  }
}

/** Down half of the time and up the other half, so that a short page scrolls as long as a long one. */
async function wheel(page: Page, ms: number): Promise<void> {
  const start = performance.now();
  for (let turn = 1; performance.now() - start < ms; turn++) {
    await page.mouse.wheel(0, performance.now() - start < ms / 2 ? WHEEL_PX : -WHEEL_PX);
    const rest = start + turn * WHEEL_MS - performance.now();
    if (rest > 0) await page.waitForTimeout(rest);
  }
}

/** In the page: times of frames, tasks over 50 ms, and how far anything was scrolled. */
const WATCH_FRAMES = `(() => {
  const frames = [];
  let long = 0;
  let px = 0;
  let last;
  const positions = new Map();
  addEventListener('scroll', ({ target }) => {
    const top = target === document ? scrollY : target.scrollTop;
    px += Math.abs(top - (positions.get(target) ?? 0));
    positions.set(target, top);
  }, { capture: true, passive: true });
  new PerformanceObserver(list => { long += list.getEntries().length; }).observe({ type: 'longtask' });
  const frame = now => {
    if (last !== undefined) frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  globalThis.watched = () => ({ frames, long, px });
})()`;

interface DevTools {
  send(method: 'Performance.getMetrics'): Promise<{ metrics: { name: string; value: number }[] }>;
}

async function metricsOf(devtools: DevTools): Promise<ReadonlyMap<string, number>> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return new Map(metrics.map(({ name, value }) => [name, value]));
}
