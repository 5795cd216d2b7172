/** Lists come page by page; who wants more than a page of one asks on. */
import type { List } from "../contract/shapes.ts";

const LARGEST_PAGE = 200;

/**
 * As many pages as it takes, as one: `collectPages((page) => client.listTags(page))`. `most`: so many items at most; of
 * more, `nextCursor` leads on. Errors: those of `read`.
 */
export async function collectPages<T, P extends List<T>>(
  read: (page: { limit: number; cursor?: string }) => Promise<P & List<T>>,
  most = Number.POSITIVE_INFINITY,
): Promise<P & List<T>> {
  let page = await read({ limit: Math.min(most, LARGEST_PAGE) });
  const items = [...page.items];
  while (page.nextCursor !== null && items.length < most) {
    page = await read({ cursor: page.nextCursor, limit: Math.min(most - items.length, LARGEST_PAGE) });
    items.push(...page.items);
  }
  return { ...page, items };
}
