/** What stands in paths. `.` and `..` would lead elsewhere, and half a surrogate pair cannot be written there. */
import { PromptlibError } from "../contract/errors.ts";
import { normalizeName } from "../prompt/names.ts";

/** Throws `invalid_request`, as the server would, for what cannot be a name. */
export function promptPath(name: string, rest = ""): string {
  return `/api/prompts/${encodeURIComponent(normalizeName(name))}${rest}`;
}

/** A label in a path. Throws `invalid_request` for what cannot be sent; the rest is the server's to judge. */
export function labelPart(label: string): string {
  if (label.isWellFormed() && !/^\.{0,2}$/.test(label)) return encodeURIComponent(label);
  const message = `${JSON.stringify(label)} is no label.`;
  throw new PromptlibError("invalid_request", { message, details: [{ path: "label", message }] });
}
