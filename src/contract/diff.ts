/** Shapes of the difference between two versions of a prompt. */
import { z } from "zod";
import { instant, promptName, promptType, versionNumber } from "./shapes.ts";

/** Lines one after the other of which the same became; a line keeps its end, if it has one. */
const lines = z.object({
  kind: z.enum(["same", "added", "removed"]),
  lines: z.array(z.string()),
});
const hunk = z.object({
  fromLine: z.int().describe("counted from 1; of nothing, the line before"),
  toLine: z.int(),
  parts: z.array(lines),
});
export const textDiff = z.object({
  added: z.int().describe("lines"),
  removed: z.int(),
  coarse: z.boolean().describe("the texts differ too much to be compared line by line: one block against another"),
  hunks: z.array(hunk).describe("what differs, with three lines around"),
});
const role = z.string().describe("the role, or placeholder");
const messageDiff = z.object({
  kind: z.enum(["same", "changed", "added", "removed"]),
  from: z.int().nullable().describe("which message of the old version, from 0"),
  to: z.int().nullable(),
  role,
  fromRole: role.optional().describe("where that changed, too"),
  content: textDiff.nullable().describe("null where it is the same"),
});
const valueDiff = z.object({
  path: z.array(z.union([z.string(), z.int()])).describe("keys and places on the way"),
  kind: z.enum(["added", "removed", "changed"]),
  from: z.unknown().optional(),
  to: z.unknown().optional(),
});
const side = z.object({
  version: versionNumber,
  author: z.string(),
  message: z.string(),
  createdAt: instant,
  contentHash: z.string(),
  labels: z.array(z.string()),
});
export const versionDiff = z.object({
  name: promptName,
  type: promptType,
  from: side,
  to: side,
  same: z.boolean().describe("whether nothing differs"),
  text: textDiff.nullable().describe("null for a chat prompt, and where the text is the same"),
  messages: z.array(messageDiff).nullable().describe("null for a text prompt, and where all are the same"),
  variables: z.array(valueDiff),
  config: z.array(valueDiff),
  template: z.object({ from: z.string(), to: z.string() }).nullable(),
});

export type TextDiff = z.infer<typeof textDiff>;
export type DiffHunk = z.infer<typeof hunk>;
export type MessageDiff = z.infer<typeof messageDiff>;
export type ValueDiff = z.infer<typeof valueDiff>;
export type VersionDiff = z.infer<typeof versionDiff>;
