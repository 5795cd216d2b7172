/** The content hash: the same content is the same version, wherever and whenever it is hashed. */
import { createHash } from "node:crypto";
import type { Content } from "../contract/shapes.ts";
import { canonicalContent } from "../prompt/content.ts";

/** `sha256:` and 64 hexadecimal digits, over the canonical content. */
export function contentHash(content: Content): string {
  return `sha256:${createHash("sha256").update(canonicalContent(content)).digest("hex")}`;
}
