/** Shapes of the import: the pieces that are sent, and the lines of the answer. */
import { z } from "zod";
import { IMPORT_SOURCE, IMPORT_SOURCE_RULE } from "./import-source.ts";
import { text, versionNumber } from "./shapes.ts";

export const importFormat = z.enum([
  "csv",
  "fabric",
  "prompty",
  "dotprompt",
  "openai",
  "anthropic",
  "langchain",
  "langfuse",
  "promptfoo",
  "promptlib",
]);
export const importSource = z
  .string()
  .regex(IMPORT_SOURCE, IMPORT_SOURCE_RULE)
  .describe("a name for what is imported: only what came under the same one can be missing in it");
/** One line sent to the import. Several lines of one path are pieces of one file, in order. */
export const importPiece = z.strictObject({
  path: text().min(1).max(4096),
  inside: text()
    .min(1)
    .max(4096)
    .optional()
    .describe("the path in the imported folder: names are made of it; path when left out"),
  content: z.string(),
  encoding: z.enum(["utf8", "base64"]).optional().describe("of content; utf8 when left out"),
});
/** One line of the import's answer: what happened to one item, or, last, the summary. */
export const importItem = z.object({
  path: z.string(),
  line: z.int().nullable().describe("where the item starts in its file"),
  name: z.string().nullable(),
  result: z.enum(["created", "updated", "unchanged", "twin", "rejected", "missing", "pruned"]),
  version: versionNumber.nullable(),
  reason: z.string().nullable().describe("why it was rejected"),
  notes: z.array(z.string()).describe("what the importer changed or kept verbatim"),
});
export const importSummary = z.object({
  summary: z.object({
    dryRun: z.boolean(),
    created: z.int(),
    updated: z.int(),
    unchanged: z.int(),
    twin: z.int(),
    rejected: z.int(),
    missing: z.int(),
    pruned: z.int(),
  }),
});

export type ImportFormat = z.infer<typeof importFormat>;
export type ImportPiece = z.infer<typeof importPiece>;
export type ImportItem = z.infer<typeof importItem>;
export type ImportSummary = z.infer<typeof importSummary>["summary"];
