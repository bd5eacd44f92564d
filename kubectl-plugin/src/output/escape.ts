/** Names and descriptions of the source at a terminal: `printable` shows what would act instead of doing it. */
import { firstLine, printable } from '@vm-migrate/api';

export { firstLine, printable };

/**
 * A word for a POSIX shell: as it is where that is safe, else quoted. Text with characters that
 * must not reach a terminal is given in the $'...' form, which bash, zsh and ksh read.
 */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  const shown = printable(text);
  if (shown === text) return `'${text.replaceAll("'", `'\\''`)}'`;
  const bytes = [...Buffer.from(text, 'utf8')];
  const word = bytes.map(byte => {
    const char = String.fromCharCode(byte);
    if (/[\w @%+=:,./-]/.test(char)) return char;
    return `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `$'${hexApart(word)}'`;
}

/** `\x0a` followed by a digit must not be read as a longer escape: the octal form has a fixed length. */
function hexApart(parts: readonly string[]): string {
  return parts
    .map(part =>
      part.startsWith('\\x')
        ? `\\${parseInt(part.slice(2), 16).toString(8).padStart(3, '0')}`
        : part,
    )
    .join('');
}
