/** What an error's code means and what to do about it, in the words of docs/errors.md. */
import { ERROR_CODES, type ErrorCode } from './errors';
import { ERRORS_EXPLAINED } from './errors-explained.generated';

/**
 * The code's section of docs/errors.md without its heading: Markdown, first line the code's meaning,
 * commands indented by four blanks. `undefined` for what is no code.
 */
export function explainError(code: string): string | undefined {
  return isErrorCode(code) ? ERRORS_EXPLAINED[code] : undefined;
}

/** Every code with its meaning, in the order of docs/errors.md. */
export function errorCodes(): readonly { readonly code: ErrorCode; readonly meaning: string }[] {
  return (Object.keys(ERROR_CODES) as ErrorCode[]).map(code => ({
    code,
    meaning: ERROR_CODES[code],
  }));
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}
