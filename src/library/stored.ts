/** From rows to what is answered. */
import type { Content, Prompt, PromptSummary } from "../contract/shapes.ts";
import type { Id } from "../database/tables.ts";

export interface PromptRow {
  id: Id;
  name: string;
  type: "text" | "chat";
  description: string;
  tags: string[];
  newest: number;
  revision: string;
}

export interface VersionRow {
  version: number;
  text: string | null;
  messages: Content["messages"] | null;
  variables: Content["variables"];
  config: Record<string, unknown>;
  template: "mustache" | "none";
  content_hash: Buffer;
  message: string;
  author: string;
  created_at: Date;
  redacted_at: Date | null;
}

/** All labels of a prompt; `latest` is not stored, it is the newest version. */
export type LabelMap = Readonly<Record<string, number>>;

export function labelsOn(version: number, labels: LabelMap, newest: number): string[] {
  const names = Object.keys(labels).filter((label) => labels[label] === version);
  if (version === newest) names.push("latest");
  return names.sort();
}

export function hashText(hash: Buffer): string {
  return `sha256:${hash.toString("hex")}`;
}

export function versionSummary(
  row: Pick<VersionRow, "version" | "author" | "message" | "created_at" | "content_hash">,
) {
  return {
    version: row.version,
    author: row.author,
    message: row.message,
    createdAt: row.created_at.toISOString(),
    contentHash: hashText(row.content_hash),
  };
}

export function presentPrompt(
  project: string,
  prompt: PromptRow,
  version: Omit<VersionRow, "redacted_at">,
  labels: LabelMap,
): Prompt {
  return {
    project,
    name: prompt.name,
    type: prompt.type,
    ...versionSummary(version),
    labels: labelsOn(version.version, labels, prompt.newest),
    newest: prompt.newest,
    description: prompt.description,
    tags: prompt.tags,
    ...(version.text === null ? {} : { text: version.text }),
    ...(version.messages ? { messages: version.messages } : {}),
    variables: version.variables,
    config: version.config as Prompt["config"],
    template: version.template,
  };
}

export function presentSummary(
  project: string,
  prompt: PromptRow & { created_at: Date; updated_at: Date },
  labels: LabelMap,
): PromptSummary {
  return {
    project,
    name: prompt.name,
    type: prompt.type,
    description: prompt.description,
    tags: prompt.tags,
    newest: prompt.newest,
    labels: { ...labels, latest: prompt.newest },
    createdAt: prompt.created_at.toISOString(),
    updatedAt: prompt.updated_at.toISOString(),
  };
}
