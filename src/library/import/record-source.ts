/**
 * Cuts a stream of bytes into what may be CSV records: up to the first line end with an even number of quotes before
 * it. Whether it is one, the caller decides, and can have the bytes read again from the next physical line on: so an
 * unclosed quote costs its own line and not the rows that follow. Holds one record and one piece at a time.
 */

const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;
/** Bytes taken at once at least, so that small pieces do not mean much copying. */
const FILL = 64 * 1024;

export interface Candidate {
  /** The physical line it begins at, from 1. */
  line: number;
  /** Physical lines it goes over; 1 when it is too large. */
  lines: number;
  /** Without the line end; null when it is larger than the limit. Valid until the next call. */
  bytes: Buffer | null;
  /** What ended it; "" at the end of the file. */
  lineEnd: "\r\n" | "\n" | "";
}

export class RecordSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #limit: number;
  #buffer = Buffer.alloc(0);
  #ended = false;
  /** Where the candidate begins, and the byte behind its first physical line (null: not seen yet). */
  #start = 0;
  #firstLineEnd: number | null = null;
  #line = 1;
  /** Where the next candidate begins, and its line. */
  #next = 0;
  #nextLine = 1;

  constructor(pieces: AsyncIterable<Uint8Array>, limit: number) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#limit = limit;
  }

  /** The next candidate, or null at the end of the file. */
  async read(): Promise<Candidate | null> {
    this.#start = this.#next;
    this.#line = this.#nextLine;
    this.#firstLineEnd = null;
    let lines = 1;
    let open = false;
    for (let at = this.#start; ; at += 1) {
      if (at - this.#start > this.#limit) return this.#candidate(at, at, 1);
      if (at === this.#buffer.length) {
        at -= this.#start;
        const more = await this.#fill();
        at += this.#start;
        if (!more) return at === this.#start ? null : this.#candidate(at, at, lines);
      }
      const byte = this.#buffer[at];
      if (byte === QUOTE) open = !open;
      if (byte !== LF) continue;
      this.#firstLineEnd ??= at + 1;
      if (!open) return this.#candidate(at, at + 1, lines);
      lines += 1;
    }
  }

  /** Takes back the last candidate but for its first physical line: the next one begins behind that. */
  async dropFirstLine(): Promise<void> {
    while (this.#firstLineEnd === null) {
      const lf = this.#buffer.indexOf(LF, this.#start);
      if (lf !== -1) {
        this.#firstLineEnd = lf + 1;
      } else {
        this.#start = this.#buffer.length;
        if (!(await this.#fill())) this.#firstLineEnd = this.#start;
      }
    }
    this.#next = this.#firstLineEnd;
    this.#nextLine = this.#line + 1;
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  #candidate(end: number, next: number, lines: number): Candidate {
    this.#next = next;
    this.#nextLine = this.#line + lines;
    const ended = next > end;
    const crlf = ended && end > this.#start && this.#buffer[end - 1] === CR;
    const bytes = this.#buffer.subarray(this.#start, crlf ? end - 1 : end);
    return {
      line: this.#line,
      lines,
      bytes: bytes.length > this.#limit ? null : bytes,
      lineEnd: crlf ? "\r\n" : ended ? "\n" : "",
    };
  }

  /** Puts what comes next behind what is still needed; answers false when nothing comes. */
  async #fill(): Promise<boolean> {
    if (this.#ended) return false;
    const parts: Uint8Array[] = [this.#buffer.subarray(this.#start)];
    let added = 0;
    while (added < FILL) {
      const piece = await this.#pieces.next();
      if (piece.done) {
        this.#ended = true;
        break;
      }
      parts.push(piece.value);
      added += piece.value.length;
    }
    if (added === 0) return false;
    this.#buffer = Buffer.concat(parts);
    if (this.#firstLineEnd !== null) this.#firstLineEnd -= this.#start;
    this.#start = 0;
    return true;
  }
}
