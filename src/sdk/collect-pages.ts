import type { List } from "../sdk/index.ts";

const LARGEST_PAGE = 200;

/** As many pages as it takes, as one. */
export async function collectPages<T, P extends List<T>>(
  read: (page: { limit: number; cursor?: string }) => Promise<P & List<T>>,
  most: number,
): Promise<P> {
  let page = await read({ limit: Math.min(most, LARGEST_PAGE) });
  const { items } = page;
  while (page.nextCursor !== null && items.length < most) {
    page = await read({ cursor: page.nextCursor, limit: Math.min(most - items.length, LARGEST_PAGE) });
    items.push(...page.items);
  }
  return { ...page, items };
}
