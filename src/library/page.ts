/** Lists in pages: a cursor says after which item the next page begins, so that writes meanwhile skip nothing. */
import type { SelectQueryBuilder } from "kysely";
import { PromptlibError } from "../contract/errors.ts";
import type { List } from "../contract/shapes.ts";
import type { Tables } from "../database/tables.ts";

/** Up to here a total is counted exactly. */
export const COUNT_LIMIT = 2_000;
const DEFAULT_LIMIT = 50;

export interface Page {
  limit: number;
  /** The sort values of the last item of the page before; null: the first page. */
  after: string[] | null;
}

export function readPage(query: { cursor?: string | undefined; limit?: number | undefined }, values = 1): Page {
  return { limit: query.limit ?? DEFAULT_LIMIT, after: query.cursor ? readCursor(query.cursor, values) : null };
}

function readCursor(cursor: string, values: number): string[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (Array.isArray(parsed) && parsed.length === values && parsed.every((part) => typeof part === "string")) {
      return parsed;
    }
  } catch {
    // not one of ours: said below
  }
  throw new PromptlibError("invalid_request", {
    message: "The cursor is not one that this list answered.",
    details: { faults: [{ field: "cursor", fault: "take it from nextCursor, with the same filters" }] },
  });
}

// biome-ignore lint/suspicious/noExplicitAny: Kysely's builder is generic over the joined tables, which do not matter for counting
type Countable = SelectQueryBuilder<Tables, any, any>;

/** One page out of rows of which one more than the limit was asked for. */
export async function pageOf<Row, Item>(
  rows: readonly Row[],
  page: Page,
  {
    count,
    position,
    present,
  }: { count: () => Countable; position: (row: Row) => string[]; present: (row: Row) => Item },
): Promise<List<Item>> {
  const shown = rows.slice(0, page.limit);
  const last = rows.length > page.limit ? shown.at(-1) : undefined;
  const counted = await count()
    .select((eb) => eb.lit(1).as("one"))
    .limit(COUNT_LIMIT + 1)
    .execute();
  return {
    items: shown.map(present),
    nextCursor: last ? writeCursor(position(last)) : null,
    total: Math.min(counted.length, COUNT_LIMIT),
    totalIsExact: counted.length <= COUNT_LIMIT,
  };
}

export function writeCursor(values: string[]): string {
  return Buffer.from(JSON.stringify(values)).toString("base64url");
}
