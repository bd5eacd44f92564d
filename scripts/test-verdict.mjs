// What a test run says at its end, and whether it passed.

/** A test whose title holds `[platform` may be skipped on CI too; every other one must run there. */
const isPlatformSkip = title => title.includes('[platform');

/** `results`: one entry a part, {name, passed, failed, skipped, skippedTitles?, seconds?, expectsTests?, note?}. */
export function verdict(results, { onCi }) {
  const sum = key => results.reduce((total, part) => total + part[key], 0);
  const lines = results.map(part => {
    const time = part.seconds === undefined ? '' : `${part.seconds.toFixed(1)} s`;
    const counts = `${part.passed} passed, ${part.failed} failed, ${part.skipped} skipped`;
    return `${part.name.padEnd(10)} ${time.padStart(8)}  ${part.note ?? counts}`;
  });

  const problems = results
    .filter(part => part.expectsTests && part.passed + part.failed === 0)
    .map(part => `${part.name}: no test ran`);
  if (sum('passed') + sum('failed') === 0) problems.push('no test ran at all');
  const skippedOnCi = results
    .flatMap(part => part.skippedTitles ?? [])
    .filter(title => !isPlatformSkip(title));
  if (onCi) problems.push(...skippedOnCi.map(title => `skipped on CI: ${title}`));

  const ok = problems.length === 0 && sum('failed') === 0;
  const last = `${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`;
  return { lines: [...lines, ...problems, last], ok };
}
