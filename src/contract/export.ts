/**
 * The lines of an export, lossless: first what it is, then the project's protected labels, then each prompt with its
 * versions behind it, last how many there were. Nothing of the moment or of the machine is in it, so the same library always gives the same bytes.
 */
import { z } from "zod";
import { content, labelName, promptName, promptType, text } from "./shapes.ts";

const exactly = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/)
  .describe("UTC, to the microsecond");
const number = z.int().min(1).max(2147483647);
const actor = text().min(1).max(200);

export const exportStart = z.strictObject({ promptlibExport: z.literal(1) });
export const exportedProtection = z.strictObject({
  protectedLabels: z.array(z.strictObject({ label: labelName, protectedAt: exactly, protectedBy: actor })),
});
export const exportedPrompt = z.strictObject({
  name: promptName,
  type: promptType,
  description: text().max(2000),
  tags: z.array(text().min(1).max(192)).max(50),
  source: z
    .string()
    .max(128)
    .nullable()
    .describe("the import that brought it: its format, and behind a colon its name"),
  createdAt: exactly,
  updatedAt: exactly,
  trashedAt: exactly.nullable(),
  trashedBy: actor.nullable(),
  labels: z.array(z.strictObject({ label: labelName, version: number, movedAt: exactly, movedBy: actor })),
  moves: z
    .array(
      z.strictObject({
        label: labelName,
        from: number.nullable(),
        to: number.nullable(),
        movedAt: exactly,
        movedBy: actor,
        undoes: z.int().min(0).nullable().describe("the move that this one took back, as its index in this list"),
        promotedFrom: labelName.nullable().describe("the label that this one followed"),
      }),
    )
    .describe("where each label has been"),
  aliases: z
    .array(z.strictObject({ name: promptName, madeAt: exactly, madeBy: actor, endedAt: exactly.nullable() }))
    .describe("names that it had before; one that is not ended goes on answering"),
  versions: number.describe("how many follow"),
});
export const exportedVersion = z.strictObject({
  version: number,
  author: actor,
  message: text().max(2000),
  createdAt: exactly,
  contentHash: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  redactedAt: exactly.nullable(),
  redactedBy: actor.nullable(),
  ...content.shape,
});
export const exportEnd = z.strictObject({ prompts: z.int(), versions: z.int() });

export const exportLine = z.union([
  exportStart,
  exportedProtection,
  z.strictObject({ prompt: exportedPrompt }),
  z.strictObject({ version: exportedVersion }),
  z.strictObject({ end: exportEnd }),
]);

export type ExportedProtection = z.infer<typeof exportedProtection>;
export type ExportedPrompt = z.infer<typeof exportedPrompt>;
export type ExportedVersion = z.infer<typeof exportedVersion>;
export type ExportLine = z.infer<typeof exportLine>;
