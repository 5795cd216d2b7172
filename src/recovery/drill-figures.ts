/** The figures of several databases of one server, each over a connection of its own. */
import pg from "pg";
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
    const client = new pg.Client({ ...connection(database), connectionTimeoutMillis: 5_000 });
    // A connection that breaks fails its query; without a listener the event would end the process.
    client.on("error", () => {});
    try {
      await client.connect();
      all.push(await tableFigures(client, { signal }));
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== "3D000") throw error;
    } finally {
      await client.end();
    }
  }
  return all;
}
