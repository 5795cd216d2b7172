/** Shapes of labels: where they stand, where they have been, what moves them. */
import { z } from "zod";
import { instant, labelName, promptName, tag, text, versionNumber } from "./shapes.ts";

/** A moment that is asked about, with any zone. */
export const moment = z.iso.datetime({ offset: true }).describe("ISO 8601 with Z or an offset; not in the future");
export const labelPosition = z.object({
  label: z.string(),
  version: versionNumber,
  movedAt: instant,
  movedBy: z.string(),
});
/** One move of a label. */
export const labelMove = z.object({
  id: z.string(),
  label: z.string(),
  from: versionNumber.nullable().describe("null: it was on no version"),
  to: versionNumber.nullable().describe("null: it was removed"),
  movedAt: instant,
  movedBy: z.string(),
  undoes: z.string().nullable().describe("the id of the move that this one took back"),
  promotedFrom: z.string().nullable().describe("the label that this one followed"),
});
export const undoneMove = z.object({
  label: z.string(),
  version: versionNumber.nullable().describe("where the label is again; null: on no version"),
  move: labelMove,
  undone: labelMove.describe("the move that was taken back, maybe somebody else's"),
});
export const labelFetches = z.object({
  label: z.string().describe("latest where the fetch named neither label nor version"),
  caller: z.string().describe("key:ID, user:NAME or local:OS-USER"),
  keyName: z.string().nullable().describe("what the API key is called"),
  fetches: z.int(),
  firstAt: instant,
  lastAt: instant,
});
export const protectedLabel = z.object({
  label: z.string(),
  protectedAt: instant,
  protectedBy: z.string(),
});
/** Prompts that one promotion may move: it is one transaction. */
export const PROMOTION_LIMIT = 5_000;
export const promoteLabel = z
  .strictObject({
    from: labelName.describe("the label to follow; latest is one"),
    names: z
      .array(promptName)
      .min(1)
      .max(PROMOTION_LIMIT)
      .optional()
      .describe("these prompts, each of which must have it"),
    folder: text().min(1).max(255).optional().describe("all prompts below this folder that have it"),
    tag: tag.optional().describe("all prompts with this tag that have it"),
    all: z.literal(true).optional().describe("all prompts of the project that have it"),
    dryRun: z.boolean().optional().describe("only tell what would be moved"),
  })
  .refine(
    ({ names, folder, tag, all }) => names || folder || tag || all,
    "say which prompts: names, folder, tag or all",
  )
  .refine(
    ({ names, folder, tag, all }) => !(names && (folder || tag || all)) && !(all && (folder || tag)),
    "give either names, or folder and tag, or all",
  );
export const promotion = z.object({
  label: z.string(),
  from: z.string(),
  dryRun: z.boolean(),
  moved: z.int().describe("how many were moved, or would be"),
  unchanged: z.int().describe("how many had both labels on one version already"),
  items: z.array(
    z.object({
      name: promptName,
      from: versionNumber.nullable().describe("where the label was; null: on no version"),
      to: versionNumber,
    }),
  ),
});
/** A prompt of the project that has a label, or had it at the time that was asked about. */
export const labelledPrompt = z.object({
  name: promptName,
  ...labelPosition.shape,
  trashedAt: instant.nullable().describe("when it was moved to the trash since"),
});

export type LabelPosition = z.infer<typeof labelPosition>;
export type LabelMove = z.infer<typeof labelMove>;
export type UndoneMove = z.infer<typeof undoneMove>;
export type LabelFetches = z.infer<typeof labelFetches>;
export type ProtectedLabel = z.infer<typeof protectedLabel>;
export type PromoteLabel = z.infer<typeof promoteLabel>;
export type Promotion = z.infer<typeof promotion>;
export type LabelledPrompt = z.infer<typeof labelledPrompt>;
