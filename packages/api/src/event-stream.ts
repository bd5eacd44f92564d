/** Server-sent events, read from the body of an answer. https://html.spec.whatwg.org/multipage/server-sent-events.html */

export interface StreamMessage {
  /** `message` when none is said. */
  readonly event: string;
  readonly data: string;
}

/** Parts arrive in any size; a message ends with an empty line. Comments are skipped. */
export class StreamParser {
  #rest = '';
  #event = '';
  #data: string[] = [];

  /** Messages that are complete with this part. */
  push(part: string): StreamMessage[] {
    const lines = (this.#rest + part).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.flatMap(line => this.line(line.endsWith('\r') ? line.slice(0, -1) : line));
  }

  private line(line: string): StreamMessage[] {
    if (line === '') return this.end();
    const colon = line.indexOf(':');
    if (colon === 0) return [];
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    if (field === 'data') this.#data.push(value);
    return [];
  }

  private end(): StreamMessage[] {
    const event = this.#event === '' ? 'message' : this.#event;
    const data = this.#data;
    this.#event = '';
    this.#data = [];
    return data.length === 0 ? [] : [{ event, data: data.join('\n') }];
  }
}
