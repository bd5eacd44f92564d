/** How the program ends, for scripts; docs/cli.md lists them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** Of several VMs some failed and some did not. */
  someFailed: 3,
  /** The wait is over, the work goes on. */
  timedOut: 4,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Of several, one: all done, all failed, or some. */
export function exitOfAll(codes: readonly ExitCode[]): ExitCode {
  const [first = EXIT.done] = codes;
  if (codes.every(code => code === first)) return first;
  if (codes.some(code => code === EXIT.failed || code === EXIT.someFailed)) return EXIT.someFailed;
  return codes.find(code => code !== EXIT.done) ?? EXIT.done;
}
