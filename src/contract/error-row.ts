/** A row of the one error table. */

export interface ErrorRow {
  /** HTTP status, where the error can answer a request. */
  readonly status: number;
  /** Exit code of the command line. */
  readonly exit: number;
  /** What it means, in a sentence. A thrown error may say it more exactly. */
  readonly message: string;
  /** What the reader can do about it. */
  readonly hint: string;
}

export function rows<const T extends Record<string, ErrorRow>>(table: T): T {
  return table;
}
