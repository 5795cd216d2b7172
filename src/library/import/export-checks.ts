/** Whether a prompt of an export can be what it says it was. Pure. */
import { PromptlibError } from "../../contract/errors.ts";
import type { ExportedPrompt, ExportedVersion } from "../../contract/export.ts";
import { nameFault } from "../../prompt/names.ts";
import { type PreparedSave, prepareSave } from "../prepare-save.ts";
import { hashText } from "../stored.ts";

/** What goes into a version's row. */
export type Checked = Pick<PreparedSave, "content" | "hash">;

export function checkVersions(
  { name, type, aliases }: ExportedPrompt,
  versions: readonly ExportedVersion[],
): { checked: Checked[] } | { reason: string } {
  for (const each of [name, ...aliases.map((alias) => alias.name)]) {
    const fault = nameFault(each) ?? (each === each.normalize("NFC") ? null : "is not in NFC");
    if (fault) return { reason: each === name ? `the name ${fault}` : `the former name "${each}" ${fault}` };
  }
  const checked: Checked[] = [];
  for (const [at, version] of versions.entries()) {
    const number = at + 1;
    if (version.version !== number) return { reason: `version ${number} is missing` };
    const result = version.redactedAt === null ? checkContent(name, type, version) : checkRedacted(version);
    if ("reason" in result) return { reason: `version ${number} ${result.reason}` };
    checked.push(result);
  }
  return { checked };
}

function checkContent(name: string, type: "text" | "chat", version: ExportedVersion): Checked | { reason: string } {
  if ((version.messages === undefined) === (version.text === undefined) || (type === "chat") !== !!version.messages) {
    return { reason: `does not have what a ${type} prompt has` };
  }
  if (version.redactedBy !== null) return { reason: "is half redacted" };
  try {
    const save = prepareSave({ ...contentOf(version), name });
    if (hashText(save.hash) === version.contentHash) return save;
    return { reason: "is not what it was when it was saved: its hash differs" };
  } catch (error) {
    if (!(error instanceof PromptlibError)) throw error;
    return { reason: `cannot be saved: ${error.message}` };
  }
}

/** What it said is gone, so its hash is taken as the file says. */
function checkRedacted(version: ExportedVersion): Checked | { reason: string } {
  const { text, messages, variables, config, template, contentHash, redactedBy } = version;
  if (redactedBy === null) return { reason: "is half redacted" };
  const said = text !== undefined || messages !== undefined;
  if (said || Object.keys(variables).length > 0 || Object.keys(config).length > 0) {
    return { reason: "is redacted, and yet says something" };
  }
  const hash = Buffer.from(contentHash.slice("sha256:".length), "hex");
  return { content: { variables, config, template }, hash };
}

function contentOf({ text, messages, variables, config, template }: ExportedVersion) {
  const body = messages ? { messages } : { text: text ?? "" };
  return { ...body, variables, config, template };
}

export function checkPlaces(prompt: ExportedPrompt, versions: readonly ExportedVersion[]): string | null {
  if ((prompt.trashedAt === null) !== (prompt.trashedBy === null)) return "it is half in the trash";
  const labels = prompt.labels.map(({ label }) => label);
  if (labels.includes("latest") || new Set(labels).size !== labels.length)
    return "a label is there twice, or is latest";
  const fetched = [...prompt.labels.map(({ version }) => version), prompt.versions];
  const places = [...fetched, ...prompt.moves.flatMap(({ from, to }) => [from, to])];
  const beyond = places.find((place) => place !== null && place > prompt.versions);
  if (beyond !== undefined) return `a label is on version ${beyond}, which it does not have`;
  const redacted = versions.find(({ version, redactedAt }) => redactedAt !== null && fetched.includes(version));
  if (redacted) return `version ${redacted.version} is redacted, and yet a label is on it, or it is the newest`;
  return checkUndone(prompt.moves);
}

/** A move takes back an earlier one of the same label, which nothing else took back. */
function checkUndone(moves: ExportedPrompt["moves"]): string | null {
  const undone = new Set<number>();
  for (const [at, { label, undoes }] of moves.entries()) {
    if (undoes === null) continue;
    if (undoes >= at || moves[undoes]?.label !== label || undone.has(undoes)) {
      return `a move of the label ${label} takes back what it cannot`;
    }
    undone.add(undoes);
  }
  return null;
}
