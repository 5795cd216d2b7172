/** Shapes of labels: where they stand, where they have been, what moves them. */
import { z } from "zod";
import { instant, promptName, versionNumber } from "./shapes.ts";

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
});
export const undoneMove = z.object({
  label: z.string(),
  version: versionNumber.nullable().describe("where the label is again; null: on no version"),
  move: labelMove,
  undone: labelMove.describe("the move that was taken back, maybe somebody else's"),
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
export type LabelledPrompt = z.infer<typeof labelledPrompt>;
