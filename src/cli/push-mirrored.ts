/**
 * A file of the mirror, as they lie in recovery/beyond of the home after a restore. Pushed, its newest version is saved:
 * as text of a prompt it would be what applications fetch from then on.
 */
import { isJsonObject } from "../contract/json-values.ts";
import type { SavePrompt } from "../sdk/index.ts";
import { usage } from "./verb.ts";

export interface Mirrored {
  project: string;
  save: Omit<SavePrompt, "name">;
}

/** null: the text is no file of the mirror. `file` is what it was read from. Errors: `usage`. */
export function mirroredIn(text: string, { name, file }: { name: string; file: string }): Mirrored | null {
  const found = objectIn(text);
  if (!found || !isMirrored(found)) return null;
  const { project, name: called, description, tags, versions } = found;
  if (called !== name) {
    throw usage(`${file} is a file of the mirror and holds “${called}”, not “${name}”.`, "Push it under its own name.");
  }
  const { version, message, text: body, messages, variables, config, template, redactedAt } = versions.at(-1) ?? {};
  if (redactedAt !== undefined || (body === undefined) === (messages === undefined)) {
    throw usage(`Version ${version}, the newest in ${file}, says nothing: it was redacted.`);
  }
  const content = body === undefined ? { messages } : { text: body };
  const why = message === "" ? {} : { message };
  // What is in each of them is checked by the server, which says what is wrong where.
  const save = { ...content, variables, config, template, description, tags, ...why } as Mirrored["save"];
  return { project, save };
}

type MirrorFile = Record<string, unknown> & { project: string; name: string; versions: Record<string, unknown>[] };

function isMirrored(found: Record<string, unknown>): found is MirrorFile {
  const { format, project, name, revision, versions } = found;
  const isNamed = [project, name, revision].every((one) => typeof one === "string");
  return format === 1 && isNamed && Array.isArray(versions) && versions.length > 0 && versions.every(isJsonObject);
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
