/** Shapes of search: what is looked for, and why something was found; folders, tags and labels with their counts. */
import { z } from "zod";
import { labelName, listOf, promptSummary, promptType, tag, text, versionNumber } from "./shapes.ts";

/** Where is looked. */
export const searchIn = z.enum(["all", "names", "versions"]);

/** What a list of prompts can be narrowed to. */
export const promptFilter = {
  tag: tag.optional(),
  label: labelName.optional().describe("only prompts that have this label; a search looks at the version it is on"),
  folder: text().max(255).optional().describe("only prompts below this folder, at any depth"),
  type: promptType.optional(),
};
export const searchQuery = {
  search: text()
    .trim()
    .max(500)
    .optional()
    .describe('words that must all be there (their beginnings are enough), "phrases", and -words that must not'),
  in: searchIn
    .optional()
    .describe(
      "where search looks. all: names, tags, descriptions, the newest and the labelled versions; names: without what the versions say, also while the database is away; versions: every version, slower",
    ),
};

const mark = z.tuple([z.int(), z.int()]).describe("from, to, in UTF-16 code units");
export const searchMatch = z.object({
  version: versionNumber.describe("the version that was found; the newest when the name was"),
  labels: z.array(z.string()).describe("labels on it; latest among them when it is the newest"),
  nameMarks: z.array(mark).describe("what was looked for, in the name"),
  snippet: z
    .object({ text: z.string(), marks: z.array(mark) })
    .nullable()
    .describe("the piece of the version, or else of the description, that was found; null: the name or a tag was"),
});
const correction = z.object({
  word: z.string().describe("that occurs nowhere"),
  taken: z.array(z.string()).describe("words that do, one of which was looked for instead"),
});
/** The list, with why each was found where something was looked for. */
export const promptList = listOf(promptSummary.extend({ match: searchMatch.optional() })).extend({
  corrected: z.array(correction).optional().describe("only where nothing was found as it was written"),
});

export const folderCount = z.object({
  folder: z.string().describe("whole, without a / at its end"),
  prompts: z.int().describe("below it, at any depth"),
  folders: z.int().describe("folders directly in it"),
});
export const folderQuery = {
  folder: text().max(255).optional().describe("the folders directly in this one; those at the top when left out"),
};
export const tagCount = z.object({ tag: z.string(), prompts: z.int() });
export const labelCount = z.object({ label: z.string(), prompts: z.int() });

export const diffSides = {
  from: labelName.optional().describe("a label, or a number for a version; the version before `to` when left out"),
  to: labelName.optional().describe("a label, or a number for a version; latest when left out"),
};

export type SearchIn = z.infer<typeof searchIn>;
export type SearchMatch = z.infer<typeof searchMatch>;
export type PromptList = z.infer<typeof promptList>;
export type FoundPrompt = PromptList["items"][number];
export type FolderCount = z.infer<typeof folderCount>;
export type TagCount = z.infer<typeof tagCount>;
export type LabelCount = z.infer<typeof labelCount>;
