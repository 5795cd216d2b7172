/** Files like prompts.csv, made and read in tests. */
import { type CsvItem, type CsvRow, readPromptCsv } from "../csv.ts";

export const HEADER = "act,prompt,for_devs,type\n";

export async function read(file: string | Uint8Array, pieceSize = Number.POSITIVE_INFINITY): Promise<CsvRow[]> {
  const bytes = Buffer.from(file);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
  }
  return await Array.fromAsync(readPromptCsv(pieces()));
}

export const itemsOf = (rows: CsvRow[]): CsvItem[] => rows.flatMap((row) => ("item" in row ? [row.item] : []));
export const rejectedOf = (rows: CsvRow[]) => rows.filter((row) => "reason" in row);
const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;
export const row = (act: string, prompt: string, devs = "FALSE", type = "TEXT") =>
  `${quoted(act)},${quoted(prompt)},${devs},${type}\n`;
