/** Lists that are shown whole. */

const LARGEST_PAGE = 200;

interface Paged<T> {
  items: T[];
  nextCursor: string | null;
}

/** As many pages as there are, as one. */
export async function everyPage<T, P extends Paged<T>>(
  read: (page: { limit: number; cursor?: string }) => Promise<P>,
): Promise<P> {
  let page = await read({ limit: LARGEST_PAGE });
  const { items } = page;
  while (page.nextCursor !== null) {
    page = await read({ limit: LARGEST_PAGE, cursor: page.nextCursor });
    items.push(...page.items);
  }
  return { ...page, items };
}
