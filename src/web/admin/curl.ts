/** A command that fetches a prompt: to be pasted into a shell as it is. Pure. */

export function curlOf(origin: string, key: string, prompt: string, label: string | null): string {
  const query = label === null ? "" : `?label=${quotable(label)}`;
  return `curl -H 'Authorization: Bearer ${key}' '${origin}/api/prompts/${quotable(prompt)}${query}'`;
}

/** encodeURIComponent lets pass what ends a quotation or means something to a shell. */
function quotable(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
