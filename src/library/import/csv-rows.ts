/** The rows of a `prompts.csv`, good and broken. A broken one never stops or swallows the ones that follow. */
import { CsvError, parse } from "csv-parse/sync";
import { REQUEST_LIMIT } from "../../contract/shapes.ts";
import { LOOSE_NOTE, readLooseRow } from "./csv-loose-row.ts";
import { type Candidate, RecordSource } from "./record-source.ts";

const COLUMNS = ["act", "prompt", "for_devs", "type"] as const;
const BOM = Buffer.from("\ufeff");
type Column = (typeof COLUMNS)[number];
/** Older lists end here. */
const NEEDED: readonly Column[] = ["act", "prompt"];

/** A record of the right form; its bytes may still be no text. */
export interface GoodRow {
  line: number;
  fields: Record<Column, Uint8Array>;
  /** Whether records of this file end in CRLF. */
  crlf: boolean;
  /** What is to be said of the header: with the first row that is good. */
  notes: string[];
}

export interface BrokenRow {
  line: number;
  reason: string;
}

interface Header {
  count: number;
  /** -1 for a column that the file has not. */
  positions: Record<Column, number>;
  crlf: boolean;
  notes: string[];
  /** The names of the columns are translated, and so are the rows: see `readLooseRow`. */
  loose: boolean;
}

/** Rows in order. Without a usable header there is one broken row, and nothing else. */
export async function* readRows(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<GoodRow | BrokenRow> {
  const source = new RecordSource(pieces, REQUEST_LIMIT);
  try {
    const header = await readHeader(source);
    if (!("count" in header)) {
      yield header;
      return;
    }
    let spill: Spill | null = null;
    for (let candidate = await source.read(); candidate; candidate = await source.read()) {
      if (candidate.bytes?.length === 0) continue;
      const row = readRow(candidate, header);
      if ("fields" in row) {
        if (spill) yield reportOf(spill);
        spill = null;
        yield { ...row, notes: header.notes.splice(0) };
        continue;
      }
      const loose = header.loose && candidate.bytes ? readLooseRow(candidate.bytes) : null;
      if (loose) {
        if (spill) yield reportOf(spill);
        spill = null;
        const fields = { ...loose, for_devs: new Uint8Array(), type: new Uint8Array() };
        yield { line: row.line, fields, crlf: header.crlf, notes: [...header.notes.splice(0), LOOSE_NOTE] };
        await source.dropFirstLine();
        continue;
      }
      if (spill && !looksWhole(candidate, header)) {
        spill.last = candidate.line;
      } else {
        if (spill) yield reportOf(spill);
        const { spills, ...broken } = row;
        spill = spills ? { ...broken, last: row.line } : null;
        if (!spills) yield broken;
      }
      await source.dropFirstLine();
    }
    if (spill) yield reportOf(spill);
  } finally {
    await source.close();
  }
}

/**
 * A broken row whose body may go on in the lines behind it: those of them that are no rows belong to its report,
 * instead of making one each.
 */
interface Spill extends BrokenRow {
  last: number;
}

function reportOf({ line, reason, last }: Spill): BrokenRow {
  return { line, reason: last === line ? reason : `${reason}; no row could be read up to line ${last}` };
}

/** Whether the first line alone has as many commas as a row: then it is a broken row of its own. */
function looksWhole({ bytes }: Candidate, header: Header): boolean {
  if (!bytes) return false;
  const end = bytes.indexOf("\n");
  const line = bytes.toString("latin1", 0, end === -1 ? bytes.length : end);
  return line.split(",").length === header.count;
}

async function readHeader(source: RecordSource): Promise<Header | BrokenRow> {
  const wanted = `expected are the columns ${COLUMNS.join(", ")}`;
  let candidate = await source.read();
  let bytes = candidate && withoutBom(candidate.bytes);
  while (bytes?.length === 0) {
    candidate = await source.read();
    bytes = candidate?.bytes ?? null;
  }
  if (!candidate) return { line: 1, reason: `the file is empty; ${wanted}` };
  const { line } = candidate;
  const parsed = parseRecord(bytes);
  if ("reason" in parsed) return { line, reason: `the header cannot be read: ${parsed.reason}; ${wanted}` };
  const names = parsed.fields.map((field) => Buffer.from(field).toString().trim());
  const crlf = candidate.lineEnd === "\r\n";
  const missing = NEEDED.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    if (!isTranslated(names))
      return { line, reason: `the first row is no header with ${missing.join(", ")}; ${wanted}` };
    const notes = [`the first row, ${names.join(", ")}, was taken for the header: the titles, the prompts`];
    return { count: 2, positions: { act: 0, prompt: 1, for_devs: -1, type: -1 }, crlf, notes, loose: true };
  }
  const at = (column: Column) => names.indexOf(column);
  const positions = { act: at("act"), prompt: at("prompt"), for_devs: at("for_devs"), type: at("type") };
  return { count: names.length, positions, crlf, notes: [], loose: false };
}

/** Lists in other languages translate the names of their two columns: each is a word or two, as no prompt is. */
function isTranslated(names: readonly string[]): boolean {
  const known: readonly string[] = COLUMNS;
  return (
    names.length === 2 &&
    names.every((name) => /^[\p{L}\p{M}]+(?:[ _-][\p{L}\p{M}]+)?$/u.test(name) && !known.includes(name))
  );
}

function withoutBom(bytes: Buffer | null): Buffer | null {
  return bytes && BOM.equals(bytes.subarray(0, BOM.length)) ? bytes.subarray(BOM.length) : bytes;
}

type Fault = BrokenRow & { spills: boolean };
type ReadRow = Omit<GoodRow, "notes">;

/** A candidate that is no row is broken; it spills when a wrong quote may have torn a record of several lines. */
function readRow(candidate: Candidate, header: Header): ReadRow | Fault {
  const { line } = candidate;
  const spills = candidate.lines > 1 || candidate.bytes === null;
  const broken = (reason: string) => ({ line, reason, spills });
  const parsed = parseRecord(candidate.bytes);
  if ("reason" in parsed) return broken(parsed.reason);
  if (parsed.fields.length !== header.count) {
    return broken(`the row has ${parsed.fields.length} columns, the header has ${header.count}`);
  }
  const field = (column: Column) => parsed.fields[header.positions[column]] ?? new Uint8Array();
  const fields = { act: field("act"), prompt: field("prompt"), for_devs: field("for_devs"), type: field("type") };
  // A row that swallowed others can have the right number of columns, but hardly what belongs into these.
  const shown = (bytes: Uint8Array) => JSON.stringify(Buffer.from(bytes).toString().slice(0, 40).toWellFormed());
  if (!/^(true|false|)$/i.test(latin1(fields.for_devs).trim())) {
    return broken(`for_devs is ${shown(fields.for_devs)}, neither TRUE nor FALSE`);
  }
  if (!/^([a-z][a-z0-9_-]{0,63}|)$/i.test(latin1(fields.type).trim())) {
    return broken(`type is ${shown(fields.type)}, not a word like TEXT`);
  }
  if (latin1(fields.act).trim().includes("\n")) return broken("the title goes over several lines");
  // A last record without a line end tells nothing of its own.
  const crlf = candidate.lineEnd === "" ? header.crlf : candidate.lineEnd === "\r\n";
  return { line, fields, crlf };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

const quoting: Record<string, string> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is opened and never closed",
  INVALID_OPENING_QUOTE: "a quote stands in the middle of a field that does not begin with one",
  CSV_INVALID_CLOSING_QUOTE: "a quote inside a field is not doubled, or a field goes on behind its closing quote",
};

function parseRecord(bytes: Buffer | null): { fields: Uint8Array[] } | { reason: string } {
  if (!bytes) return { reason: `the row is larger than ${REQUEST_LIMIT / 1048576} MiB; is a quote not closed?` };
  try {
    const records = parseBytes(bytes);
    const [fields] = records;
    if (records.length !== 1 || !Array.isArray(fields)) return { reason: "the row cannot be told from its neighbours" };
    return { fields: fields.filter((field) => field instanceof Uint8Array) };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { reason: quoting[error.code] ?? `the row is not CSV: ${error.message}` };
  }
}

/** Encoding null: bytes stay bytes, so that what is no UTF-8 is seen and not replaced. */
function parseBytes(bytes: Buffer): unknown[] {
  const options = { encoding: null, record_delimiter: ["\r\n", "\n"] };
  try {
    return parse(bytes, options);
  } catch (error) {
    // Some write a blank behind each comma, and so in front of the quote: only then blanks there are no text.
    if (!(error instanceof CsvError) || error.code !== "INVALID_OPENING_QUOTE") throw error;
    return parse(bytes, { ...options, ltrim: true });
  }
}
