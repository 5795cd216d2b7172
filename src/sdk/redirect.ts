/**
 * Redirects are not followed: a POST would arrive as a GET, and what answers that is taken for what answers the POST; and
 * at another origin a request arrives without its token.
 */

/** What to do about an answer that is one, as a sentence; null: it is none. Names, passwords and queries stay out of it. */
export function hintOfRedirect({ status, type, headers }: Response, base: string, path: string): string | null {
  // Some platforms only say that it was one.
  if (type !== "opaqueredirect" && (status < 300 || status > 399 || status === 304)) return null;
  const place = placeOf(headers.get("location"), `${base}${path}`);
  const address = place?.endsWith(path) ? place.slice(0, -path.length) : base;
  return address === base
    ? `It leads ${place === null ? "elsewhere" : `to ${place}`}; check the address and any proxy in between.`
    : `It leads to ${address}; give that as the address.`;
}

function placeOf(location: string | null, from: string): string | null {
  if (location === null || !URL.canParse(location, from)) return null;
  const { protocol, host, pathname } = new URL(location, from);
  return protocol === "http:" || protocol === "https:" ? `${protocol}//${host}${pathname}` : null;
}
