import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLibrary, type TestLibrary } from "../../test/support/library.ts";

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

interface Column {
  nullable: boolean;
  hasDefault: boolean;
}

/** The interface of tables.ts, read as text: TypeScript's types are gone when this runs. */
async function declared(): Promise<Record<string, Record<string, Column>>> {
  const source = await readFile(new URL("./tables.ts", import.meta.url), "utf8");
  const body = source.slice(source.indexOf("export interface Tables {"), source.indexOf("export type ChangeKind"));
  const tables: Record<string, Record<string, Column>> = {};
  for (const [, table = "", columns = ""] of body.matchAll(/^ {2}(\w+): \{(.*?)\};?$/gms)) {
    tables[table] = {};
    for (const [, column = "", type = ""] of columns.matchAll(/(\w+): ((?:[^;<]|<(?:[^<>]|<[^<>]*>)*>)+)/g)) {
      tables[table][column] = {
        nullable: type.replace(/^ColumnType<([^,]*),.*$/s, "$1").includes("null"),
        hasDefault: /^(Generated|WithDefault|Timestamp)/.test(type),
      };
    }
  }
  return tables;
}

describe("the tables as the program sees them", () => {
  it("are the tables that the migrations make: every column, whether it may be null, whether it may be left out", async () => {
    const rows = (await library.asSuperuser(
      `select table_name, column_name, is_nullable = 'YES' as nullable,
              column_default is not null or is_identity = 'YES' as has_default
       from information_schema.columns where table_schema = 'promptlib'`,
    )) as { table_name: string; column_name: string; nullable: boolean; has_default: boolean }[];
    const found: Record<string, Record<string, Column>> = {};
    for (const row of rows) {
      const column = { nullable: row.nullable, hasDefault: row.has_default };
      found[row.table_name] = { ...found[row.table_name], [row.column_name]: column };
    }
    const seen = await declared();
    // A column that may be null may be left out too, so there it does not matter how it is declared. Where JSON must be given as text,
    // a default of the database is not used.
    const comparable = (tables: Record<string, Record<string, Column>>) =>
      Object.fromEntries(
        Object.entries(tables).map(([table, columns]) => [
          table,
          Object.fromEntries(
            Object.entries(columns).map(([name, { nullable, hasDefault }]) => [
              name,
              { nullable, hasDefault: hasDefault && !nullable && name !== "details" },
            ]),
          ),
        ]),
      );
    expect(comparable(seen)).toEqual(comparable(found));
  });
});
