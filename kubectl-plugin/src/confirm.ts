/** Asks before something is removed for good. */
import { UsageError } from './usage-error';

/** @param what it does, after "this". @throws UsageError without a terminal to ask at */
export async function confirm(
  question: string,
  what = 'removes objects for good',
): Promise<boolean> {
  if (process.stdin.isTTY !== true)
    throw new UsageError(
      `this ${what}, and there is no terminal to ask at`,
      'Say --yes if it is meant.',
    );
  const { createInterface } = await import('node:readline/promises');
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim());
  } finally {
    prompt.close();
  }
}
