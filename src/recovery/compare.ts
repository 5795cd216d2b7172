/** Is what was restored what was attested? Pure. */
import type { AttestedDatabase } from "./layout.ts";

/**
 * missing: a table, a sequence or the whole database is not there. added: there is one that was not attested. rows: so
 * many others. content: as many rows, of which at least one differs. behind: a sequence would hand out numbers again.
 * unreadable: it could be read when it was attested, and here not.
 */
export type DifferenceKind = "missing" | "added" | "rows" | "content" | "behind" | "unreadable";

export interface Difference {
  kind: DifferenceKind;
  database: string;
  /** The table or sequence; null: the database itself. */
  name: string | null;
  /** Rows, hash or value; null where there is none. */
  attested: string | null;
  restored: string | null;
  sentence: string;
}

/** In the order of the attested. What was not compared at the attested point is no difference. */
export function compareFigures(
  attested: readonly AttestedDatabase[],
  restored: readonly AttestedDatabase[],
): Difference[] {
  return attested.flatMap((before) => {
    const after = restored.find(({ name }) => name === before.name);
    if (after) return [...compareTables(before, after), ...compareSequences(before, after)];
    return [difference("missing", before.name, null, null, null, "is missing")];
  });
}

function compareTables(before: AttestedDatabase, after: AttestedDatabase): Difference[] {
  const found = new Map(after.tables.map((table) => [table.name, table]));
  const known = new Set(before.tables.map(({ name }) => name));
  const differences = before.tables.flatMap(({ name, rows, hash }) => {
    const table = found.get(name);
    if (!table) return [absent(before.name, name, rows, after)];
    if (table.rows !== rows) {
      const words = `has ${table.rows} rows instead of ${rows}`;
      return [difference("rows", before.name, name, rows, table.rows, words)];
    }
    if (table.hash === hash) return [];
    return [difference("content", before.name, name, hash, table.hash, `has ${rows} rows, and they are not the same`)];
  });
  const added = after.tables.filter(({ name }) => !known.has(name) && whyNotCompared(before, name) === null);
  return [
    ...differences,
    ...added.map(({ name, rows }) => difference("added", before.name, name, null, rows, "was not there")),
  ];
}

function absent(database: string, name: string, rows: string, after: AttestedDatabase): Difference {
  const reason = whyNotCompared(after, name);
  if (reason === null) return difference("missing", database, name, rows, null, "is missing");
  return difference("unreadable", database, name, rows, null, `cannot be compared: ${reason}`);
}

/** Numbers may be skipped by a restore, and must never be handed out again. */
function compareSequences(before: AttestedDatabase, after: AttestedDatabase): Difference[] {
  const found = new Map(after.sequences.map(({ name, value }) => [name, value]));
  return before.sequences.flatMap(({ name, value }) => {
    const restored = found.get(name);
    if (restored === undefined) return [difference("missing", before.name, name, value, null, "is missing")];
    if (BigInt(restored) >= BigInt(value)) return [];
    const words = `stands at ${restored}, and was at ${value} already`;
    return [difference("behind", before.name, name, value, restored, words)];
  });
}

/** `notCompared` begins with the name, which holds a colon only in quotes. */
function whyNotCompared({ notCompared }: AttestedDatabase, name: string): string | null {
  const sentence = notCompared.find((one) => one.startsWith(`${name}: `));
  return sentence === undefined ? null : sentence.slice(name.length + 2);
}

function difference(
  kind: DifferenceKind,
  database: string,
  name: string | null,
  attested: string | null,
  restored: string | null,
  words: string,
): Difference {
  const subject = name === null ? `The database ${database}` : `${name} (database ${database})`;
  return { kind, database, name, attested, restored, sentence: `${subject} ${words}.` };
}
