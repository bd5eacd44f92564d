import { printable } from './printable';

/**
 * A word for a POSIX shell: as it is where that is safe, else quoted. Text with characters that
 * must not reach a terminal is given in the $'...' form, which bash, zsh and ksh read.
 */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  const shown = printable(text);
  if (shown === text) return `'${text.replaceAll("'", `'\\''`)}'`;
  const bytes = [...new TextEncoder().encode(text)];
  const word = bytes.map(byte => {
    const char = String.fromCharCode(byte);
    if (/[\w @%+=:,./-]/.test(char)) return char;
    // Octal has a fixed length: a digit that follows is not read as part of it.
    return `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `$'${word.join('')}'`;
}
