/** A command that fetches a prompt, or renders it with values: to be pasted into a shell as it is. Pure. */
import type { Json } from "../../sdk/index.ts";

interface Wanted {
  /** Where the server is. */
  url: string;
  /** null: the shell has it in PROMPTLIB_API_KEY. */
  key: string | null;
  name: string;
  label: string;
  /** Rendered with these; empty: fetched as it is. */
  values: Readonly<Record<string, Json>>;
}

export function curlOf({ url, key, name, label, values }: Wanted): string {
  const header = key === null ? '"Authorization: Bearer $PROMPTLIB_API_KEY"' : quoted(`Authorization: Bearer ${key}`);
  const address = `${url}/api/prompts/${encodeURIComponent(name)}`;
  if (Object.keys(values).length === 0) {
    return `curl -H ${header} ${quoted(`${address}?label=${encodeURIComponent(label)}`)}`;
  }
  return [
    `curl -H ${header} -H 'content-type: application/json' \\`,
    `  -d ${quoted(JSON.stringify({ label, values }))} \\`,
    `  ${quoted(`${address}/render`)}`,
  ].join("\n");
}

/** For a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
