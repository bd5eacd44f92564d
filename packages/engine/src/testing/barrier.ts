/** Nobody passes before `count` have come; whoever comes later, or again, passes at once. */
export function barrier(count: number): () => Promise<void> {
  let came = 0;
  let open = (): void => {};
  const opened = new Promise<void>(resolve => (open = resolve));
  return () => {
    if (++came >= count) open();
    return opened;
  };
}
