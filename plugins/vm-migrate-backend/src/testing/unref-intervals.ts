/**
 * Backstage ends a plugin's pool of connections while the catalog may still have one in use. What
 * comes back afterwards starts the pool's clock again (tarn's reaper), which nobody stops: no test
 * process would end. From here on no interval keeps this process.
 */
export function unrefIntervals(): void {
  const { setInterval } = globalThis;
  globalThis.setInterval = ((...args: Parameters<typeof setInterval>) =>
    setInterval(...args).unref()) as typeof setInterval;
}
