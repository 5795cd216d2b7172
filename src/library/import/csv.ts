/** The `prompts.csv` of awesome-chatgpt-prompts: columns act, prompt, for_devs, type. */
import { CONTENT_LIMIT, type Variable } from "../../contract/shapes.ts";
import { contentSize } from "../../prompt/content.ts";
import { nameFault } from "../../prompt/names.ts";
import { type GoodRow, readRows } from "./csv-rows.ts";
import { convertDollarVariables } from "./dollar-variables.ts";
import { GivenNames } from "./given-names.ts";

export interface CsvItem {
  name: string;
  text: string;
  template: "mustache" | "none";
  variables: Record<string, Variable>;
  tags: string[];
  /** What was changed or kept verbatim, each a sentence without its full stop. */
  notes: string[];
}

/** `line` is the physical line, from 1, at which the row begins. */
export type CsvRow =
  | { line: number; item: CsvItem }
  /** Identical with an earlier row of the import, whose prompt is named. */
  | { line: number; twin: string }
  /** Rejected; with the title where it could be read. */
  | { line: number; reason: string; name: string | null };

/**
 * Reads a whole file, one answer for each row. Depends on nothing but the bytes, and on `names`, which files of one
 * import share: the same files give the same items.
 */
export async function* readPromptCsv(
  pieces: AsyncIterable<Uint8Array>,
  names = new GivenNames(),
): AsyncGenerator<CsvRow> {
  for await (const row of readRows(pieces)) {
    yield "reason" in row ? { ...row, name: null } : { line: row.line, ...interpret(row, names) };
  }
}

type Outcome = { item: CsvItem } | { twin: string } | { reason: string; name: string | null };

function interpret(row: GoodRow, names: GivenNames): Outcome {
  const act = decode(row.fields.act);
  if (act === null) return { reason: "the title is not valid UTF-8", name: null };
  const { title, notes } = readTitle(act);
  notes.push(...row.notes);
  const rejected = (reason: string) => ({ reason, name: title.includes("\u0000") ? null : title || null });
  const fault = nameFault(title);
  if (fault) return rejected(`the title ${fault}`);

  const decoded = decode(row.fields.prompt);
  if (decoded === null) return rejected("the prompt is not valid UTF-8");
  if (decoded.includes("\u0000")) return rejected("the prompt holds a NUL character, which cannot be stored");
  const body = row.crlf ? decoded.replaceAll("\r\n", "\n") : decoded;
  if (body.trim() === "") return rejected("the prompt is empty");
  const { note, ...converted } = convertDollarVariables(body);
  const size = Math.max(contentSize({ text: body }), contentSize({ text: converted.text }));
  if (size > CONTENT_LIMIT) return rejected(`the prompt is ${size} bytes long; at most ${CONTENT_LIMIT} are allowed`);

  const tags = readTags(row);
  const given = names.give(title, [body, ...tags]);
  if ("twin" in given) return given;
  const { name } = given;
  const numberedFault = nameFault(name);
  if (numberedFault) return rejected(`the title repeats, and the name it would get ${numberedFault}`);
  if (name !== title) notes.push(`the title repeats in this import: it became "${name}"`);
  if (note) notes.push(note);
  return { item: { name, ...converted, tags, notes } };
}

function readTitle(act: string): { title: string; notes: string[] } {
  const notes: string[] = [];
  const trimmed = act.trim();
  if (trimmed !== act) notes.push("spaces around the title were removed");
  const title = trimmed.normalize("NFC").replaceAll("/", "-");
  if (trimmed.includes("/")) notes.push("/ in the title became -, since / makes folders");
  return { title, notes };
}

function readTags({ fields }: GoodRow): string[] {
  // Both were checked to be plain ASCII words.
  const word = (bytes: Uint8Array) => (decode(bytes) ?? "").trim().toLowerCase();
  const type = word(fields.type);
  return [...(word(fields.for_devs) === "true" ? ["for-devs"] : []), ...(type === "" || type === "text" ? [] : [type])];
}

/** Null for what is not UTF-8; half a surrogate pair, which some programs write, is not. */
function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
