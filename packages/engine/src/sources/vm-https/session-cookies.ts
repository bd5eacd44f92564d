/**
 * Cookies that the server set are sent back to it, and only to it. vSphere opens a session for every
 * request that comes with a password alone, and has room for a few hundred.
 */
const COOKIES = 20;
const COOKIE_BYTES = 4096;

export class SessionCookies {
  private readonly values = new Map<string, string>();

  /** The header of a request; `undefined` while there is none. */
  header(): string | undefined {
    if (this.values.size === 0) return undefined;
    return [...this.values].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** @param set the lines `Set-Cookie` of an answer */
  note(set: readonly string[] = []): void {
    for (const line of set) {
      const [, name, value] = /^\s*([\w!#$%&'*+.^`|~-]+)=([\x21-\x3a\x3c-\x7e]*)/.exec(line) ?? [];
      if (name === undefined || value === undefined || line.length > COOKIE_BYTES) continue;
      if (this.values.size < COOKIES || this.values.has(name)) this.values.set(name, value);
    }
  }
}
