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
  /** What the page before answered as nextCursor; null: the first page. */
  cursor: string | null;
}

const NUMBER = /^\d{1,18}$/;
const VERSION = /^\d{1,9}$/;
const INSTANT = /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}(\d{3})?Z$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what PostgreSQL cannot compare with
const STORABLE = /^[^\u0000]+$/;

/** By what each list is sorted: what a cursor of it holds. */
const positions = {
  name: [STORABLE],
  "-name": [STORABLE],
  updated: [INSTANT, NUMBER],
  "-updated": [INSTANT, NUMBER],
  relevance: [NUMBER, NUMBER],
  "relevance in versions": [STORABLE, VERSION],
  folders: [STORABLE],
  tags: [STORABLE],
  labels: [STORABLE],
  versions: [VERSION],
  moves: [NUMBER],
  labelled: [STORABLE, NUMBER],
  aliases: [STORABLE],
  trash: [INSTANT, NUMBER],
  audit: [NUMBER],
} as const;
export type ListName = keyof typeof positions;

export interface PageQuery {
  cursor?: string | undefined;
  limit?: number | undefined;
}

export function readPage(query: PageQuery): Page {
  return { limit: query.limit ?? DEFAULT_LIMIT, cursor: query.cursor || null };
}

/** The sort values of the last item of the page before, or null; throws `invalid_request` for another list's cursor. */
export function positionAfter(page: Page, list: ListName): string[] | null {
  if (page.cursor === null) return null;
  const [of, ...values] = readCursor(page.cursor);
  const patterns = positions[list];
  if (of === list && values.length === patterns.length && patterns.every((one, at) => isPlace(one, values[at] ?? ""))) {
    return values;
  }
  throw new PromptlibError("invalid_request", {
    message: "The cursor is not one that this list answered.",
    details: { faults: [{ field: "cursor", fault: "take it from nextCursor, with the same filters and sort" }] },
  });
}

function isPlace(pattern: RegExp, value: string): boolean {
  return pattern.test(value) && (pattern !== INSTANT || !Number.isNaN(Date.parse(value)));
}

function readCursor(cursor: string): string[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (Array.isArray(parsed) && parsed.every((part) => typeof part === "string")) return parsed;
  } catch {
    // not one of ours: the caller says so
  }
  return [];
}

// biome-ignore lint/suspicious/noExplicitAny: Kysely's builder is generic over the joined tables, which do not matter for counting
type Countable = SelectQueryBuilder<Tables, any, any>;

/** One page out of rows of which one more than the limit was asked for. */
export async function pageOf<Row, Item>(
  rows: readonly Row[],
  page: Page,
  {
    list,
    count,
    position,
    present,
  }: { list: ListName; count: () => Countable; position: (row: Row) => string[]; present: (row: Row) => Item },
): Promise<List<Item>> {
  const counted = await count()
    .select((eb) => eb.lit(1).as("one"))
    .limit(COUNT_LIMIT + 1)
    .execute();
  return cutPage(rows, page, { list, position, present, total: counted.length });
}

/** The same where it is known how many there are; more than COUNT_LIMIT: at least so many. */
export function cutPage<Row, Item>(
  rows: readonly Row[],
  page: Page,
  {
    list,
    position,
    present,
    total,
  }: { list: ListName; position: (row: Row) => string[]; present: (row: Row) => Item; total: number },
): List<Item> {
  const shown = rows.slice(0, page.limit);
  const last = rows.length > page.limit ? shown.at(-1) : undefined;
  return {
    items: shown.map(present),
    nextCursor: last ? writeCursor(list, position(last)) : null,
    total: Math.min(total, COUNT_LIMIT),
    totalIsExact: total <= COUNT_LIMIT,
  };
}

export function writeCursor(list: ListName, values: string[]): string {
  return Buffer.from(JSON.stringify([list, ...values])).toString("base64url");
}
