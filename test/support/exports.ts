/** Exports for tests: a library that has everything, what it exports, and how that is put back. */
import type { ImportItem, ImportPiece } from "../../src/contract/import-shapes.ts";
import type { Actor } from "../../src/library/actor.ts";
import { removeAlias } from "../../src/library/aliases.ts";
import { exportPrompts } from "../../src/library/export.ts";
import { findPrompt } from "../../src/library/find.ts";
import { importFiles } from "../../src/library/import/import.ts";
import { promoteLabel } from "../../src/library/label-promotion.ts";
import { undoLabel } from "../../src/library/label-undo.ts";
import { moveLabel, removeLabel } from "../../src/library/labels.ts";
import { protectLabel } from "../../src/library/protected-labels.ts";
import { redactVersion } from "../../src/library/redact.ts";
import { renamePrompt } from "../../src/library/rename.ts";
import { trashPrompt } from "../../src/library/trash.ts";
import { ACTOR, type TestLibrary } from "./library.ts";

/** That `fill` makes. */
export const PROMPTS = 8;
/** Who may import exports: admins of the project. */
export const ADMIN: Actor = { name: "user:grace", address: "192.0.2.2", protectedLabels: "all" };

export const told = (items: readonly ImportItem[]) =>
  items.map(({ line, name, reason }) => `${line} ${name}: ${reason}`);

/** By that name, or one it had before: how the prompt is called that answers. */
export const answering = async ({ database, project }: TestLibrary, name: string) =>
  (await findPrompt(database.reads, project, name))?.prompt.name ?? null;

export async function exported({ database, project }: TestLibrary): Promise<string> {
  const lines: string[] = [];
  for await (const line of exportPrompts(database, project)) lines.push(`${JSON.stringify(line)}\n`);
  return lines.join("");
}

export async function putBack(
  library: TestLibrary,
  text: string | Uint8Array,
  { dryRun = false, size = 10_000, actor = ADMIN } = {},
) {
  const bytes = Buffer.from(text);
  async function* pieces(): AsyncGenerator<ImportPiece> {
    for (let at = 0; at < bytes.length; at += size) {
      yield { path: "x.ndjson", content: bytes.subarray(at, at + size).toString("base64"), encoding: "base64" };
    }
  }
  const items: ImportItem[] = [];
  const options = { format: "promptlib" as const, dryRun, prune: false };
  const { database, project } = library;
  for await (const line of importFiles(database, project, actor, pieces(), options)) {
    if (!("summary" in line)) items.push(line);
  }
  return items;
}

/** Everything that a library can hold. */
export async function fill(library: TestLibrary): Promise<void> {
  const { database, project, save } = library;
  await save({
    name: "mail/Grüße 😀",
    text: "Hi {{name}}\r\n",
    tags: ["b", "a"],
    description: "Für alle",
    labels: ["production"],
  });
  for (let at = 2; at <= 25; at += 1)
    await save({ name: "mail/Grüße 😀", text: `version ${at}`, message: `why ${at}` });
  await moveLabel(database, project, ACTOR, "mail/Grüße 😀", "production", 7);
  await moveLabel(database, project, ACTOR, "mail/Grüße 😀", "staging", 3);
  await removeLabel(database, project, ACTOR, "mail/Grüße 😀", "staging");
  await save({
    name: "Chat",
    messages: [{ role: "system", content: "a\u2028b" }, { placeholder: "history" }],
    config: { z: 1, a: { "2": [null, 1e21, -0.5, "\u0001"] } },
    variables: { history: { type: "messages" }, x: { default: { b: 1, a: 2 } } },
  });
  await save({ name: "verbatim", text: "{{oops", template: "none" });
  for (const text of ["first", "second"]) {
    await save({ name: "gone", text });
    await trashPrompt(database, project, ACTOR, "gone");
  }
  await save({ name: "gone", text: "third" });
  await fillInTime(library);
}

/** What labels and names were, what is protected, and what is not said any more. */
async function fillInTime({ database, project, save }: TestLibrary): Promise<void> {
  await save({ name: "was/first", text: "secret", message: "pasted", config: { key: "secret" }, labels: ["staging"] });
  await save({ name: "was/first", text: "two" });
  await moveLabel(database, project, ACTOR, "was/first", "staging", 2);
  await undoLabel(database, project, ACTOR, "was/first", "staging", undefined);
  await undoLabel(database, project, ACTOR, "was/first", "staging", undefined);
  await moveLabel(database, project, ACTOR, "was/first", "staging", 2);
  await promoteLabel(database, project, ACTOR, "production", { from: "staging", all: true });
  await promoteLabel(database, project, ACTOR, "canary", { from: "latest", names: ["was/first", "Chat"] });
  await redactVersion(database, project, ACTOR, { name: "was/first" }, 1, "a password");
  for (const [name, to] of [
    ["was/first", "was/second"],
    ["was/second", "was/first"],
    ["was/first", "is"],
  ] as const) {
    await renamePrompt(database, project, ACTOR, name, to);
  }
  await removeAlias(database, project, ACTOR, "was/second");
  await save({ name: "thrown/before", text: "away" });
  await renamePrompt(database, project, ACTOR, "thrown/before", "thrown");
  await trashPrompt(database, project, ACTOR, "thrown");
  for (const label of ["production", "10"]) await protectLabel(database, project, ACTOR, label);
}
