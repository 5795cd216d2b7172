/** The figures of several databases of one server, each over a connection of its own. */
import pg from "pg";
import { connected } from "../postgres/connection.ts";
import type { AttestedDatabase } from "./layout.ts";
import { tableFigures } from "./table-figures.ts";

/** A database that is not there has none. */
export async function figuresOf(
  connection: (database: string) => pg.ClientConfig,
  databases: readonly string[],
  signal: AbortSignal,
): Promise<AttestedDatabase[]> {
  const all: AttestedDatabase[] = [];
  for (const database of databases) {
    const settings = { ...connection(database), connectionTimeoutMillis: 5_000 };
    try {
      all.push(await connected(settings, async (client) => await tableFigures(client, { signal })));
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== "3D000") throw error;
    }
  }
  return all;
}
