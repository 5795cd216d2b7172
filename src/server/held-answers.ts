/**
 * What is held in memory of answers for pages that are still sending: browsers read nothing before they have sent all.
 * There is so much room for all of them together.
 */
const LIMIT = 64 * 1024 * 1024;

export class HeldAnswers {
  readonly #limit: number;
  #length = 0;

  /** In code units: nearly all is written in ASCII. */
  constructor(limit = LIMIT) {
    this.#limit = limit;
  }

  get hasRoom(): boolean {
    return this.#length < this.#limit;
  }

  begin(): HeldAnswer {
    return new HeldAnswer((change) => {
      this.#length += change;
    });
  }
}

/** Held as one text: of very many small pieces the connection breaks. */
class HeldAnswer {
  readonly #count: (change: number) => void;
  #text = "";

  constructor(count: (change: number) => void) {
    this.#count = count;
  }

  add(text: string): void {
    this.#text += text;
    this.#count(text.length);
  }

  /** All that is held, to be sent; nothing is held then. */
  take(): string {
    const text = this.#text;
    this.#text = "";
    this.#count(-text.length);
    return text;
  }
}
