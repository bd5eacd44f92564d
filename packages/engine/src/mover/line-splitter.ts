/** Bytes of a pipe as lines, each handed over once it is complete. Lines may be of any length: an order can be long. */
export class LineSplitter {
  private parts: Buffer[] = [];

  constructor(private readonly onLine: (line: string) => void) {}

  add(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.parts.push(chunk.subarray(start, end));
      const line = Buffer.concat(this.parts).toString('utf8');
      this.parts = [];
      start = end + 1;
      this.onLine(line);
    }
    if (start < chunk.length) this.parts.push(chunk.subarray(start));
  }

  /** What came after the last newline. */
  rest(): string {
    return Buffer.concat(this.parts).toString('utf8');
  }
}

const NEWLINE = 0x0a;
