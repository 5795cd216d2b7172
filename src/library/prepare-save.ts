/** What is checked of a save, and brought into its one form, before the database is asked. */
import { createHash } from "node:crypto";
import { PromptlibError } from "../contract/errors.ts";
import { CONTENT_LIMIT, type Content, type SavePrompt } from "../contract/shapes.ts";
import { canonicalContent, contentSize } from "../prompt/content.ts";
import { normalizeName } from "../prompt/names.ts";
import { templateFaults } from "../prompt/template.ts";
import { defaultFaults } from "../prompt/values.ts";

/** A save that was checked and brought into its one form. */
export interface PreparedSave {
  name: string;
  type: "text" | "chat";
  content: Content;
  hash: Buffer;
  tags: string[] | undefined;
  description: string | undefined;
  labels: string[];
  message: string;
  baseVersion: number | undefined;
  /** As `hashText` writes it. */
  baseHash?: string | undefined;
}

/**
 * Checks what needs no database.
 * Errors: `invalid_request` (the name, a default that is not of its type), `content_too_large`, `template_invalid` with the places of the first faults.
 */
export function prepareSave(save: SavePrompt): PreparedSave {
  const name = normalizeName(save.name);
  const content: Content = {
    ...(save.text === undefined ? {} : { text: save.text }),
    ...(save.messages === undefined ? {} : { messages: save.messages }),
    variables: save.variables ?? {},
    config: save.config ?? {},
    template: save.template ?? "mustache",
  };
  const size = contentSize(content);
  if (size > CONTENT_LIMIT) {
    throw new PromptlibError("content_too_large", {
      message: `The content of this version has ${size} bytes; the limit is ${CONTENT_LIMIT}.`,
    });
  }
  refuseWrongDefaults(content);
  const faults = content.template === "mustache" ? templateFaults(content) : [];
  if (faults.length > 0) throw new PromptlibError("template_invalid", { details: { faults } });
  return {
    name,
    type: content.messages ? "chat" : "text",
    content,
    hash: createHash("sha256").update(canonicalContent(content)).digest(),
    tags: save.tags && [...new Set(save.tags.map((tag) => tag.normalize("NFC")))].sort(),
    description: save.description,
    labels: save.labels ?? [],
    message: save.message ?? "",
    baseVersion: save.baseVersion,
    baseHash: save.baseHash,
  };
}

function refuseWrongDefaults({ variables }: Content): void {
  const faults = defaultFaults(variables).map(({ name, fault }) => ({ field: `variables.${name}.default`, fault }));
  if (faults.length === 0) return;
  const message = `The request is not valid: ${faults.map(({ field, fault }) => `${field} ${fault}`).join("; ")}`;
  throw new PromptlibError("invalid_request", { message: `${message.slice(0, 1000)}.`, details: { faults } });
}
