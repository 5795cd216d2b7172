/** Shapes of a resolve: many prompts in one request, each answered or with its own error. */
import { z } from "zod";
import { errorBody, labelName, projectName, prompt, promptName, versionNumber } from "./shapes.ts";

/** How many prompts one request may ask for. */
export const REFS_LIMIT = 100;
/** How many bytes of prompts one answer holds; what comes after is told to be fetched alone. */
export const RESOLVE_BYTES = 16 * 1024 * 1024;

const etag = z.string().min(1).max(128);
const ref = z
  .strictObject({
    name: promptName,
    version: versionNumber.optional(),
    label: labelName.optional().describe("latest when neither version nor label is given"),
    etag: etag.optional().describe("of the answer that the caller has; the same is not sent again"),
  })
  .refine(({ version, label }) => version === undefined || label === undefined, "give either version or label");

export const resolveRequest = z.strictObject({
  refs: z.array(ref).min(1).max(REFS_LIMIT),
  etag: etag.optional().describe("of the whole answer that the caller has"),
});

const resolved = z.object({
  name: promptName.describe("as it was asked for"),
  prompt: prompt.nullable().describe("null: what the caller has by its etag"),
  etag: z.string().describe("as a fetch of this one answers it"),
  renamedTo: promptName.nullable().describe("the present name, where it was asked for by a former one"),
});
export const resolveAnswer = z.object({
  project: projectName,
  etag: z.string().describe("of all of it"),
  items: z
    .array(z.union([resolved, errorBody.extend({ name: promptName })]))
    .nullable()
    .describe("in the order of the request; null: what the caller has by its etag"),
});

export type Ref = z.infer<typeof ref>;
export type ResolveRequest = z.infer<typeof resolveRequest>;
export type ResolvedItem = z.infer<typeof resolved>;
export type ResolveAnswer = z.infer<typeof resolveAnswer>;
