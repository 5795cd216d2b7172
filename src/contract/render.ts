/** Shapes of a render: what is asked for, and what comes back. */
import { z } from "zod";
import { labelName, projectName, promptName, promptType, versionNumber } from "./shapes.ts";

const format = z.enum(["text", "openai", "anthropic"]);

/** Which values a render is given, for which version, and how it is to be answered. */
export const renderRequest = z
  .strictObject({
    version: versionNumber.optional(),
    label: labelName
      .optional()
      .describe("latest when neither version nor label is given; includes without @ follow it"),
    values: z
      .record(z.string().max(1024), z.json())
      .optional()
      .describe("by variable; for a placeholder a list of messages"),
    format: format.optional().describe("left out: text for a text prompt, openai for a chat"),
  })
  .refine((body) => body.version === undefined || body.label === undefined, "give either version or label");

const chatMessage = z.object({ role: z.string(), content: z.string() });
const renderFault = z.object({
  variable: z.string().nullable(),
  include: z.string().nullable().describe("the included prompt in whose text it is; null: the prompt itself"),
  index: z.int().nullable().describe("the message of a chat prompt, from 0"),
  line: z.int().nullable(),
  column: z.int().nullable(),
  message: z.string(),
});
export const renderedPrompt = z.object({
  project: projectName,
  name: promptName,
  type: promptType,
  version: versionNumber,
  format,
  output: z
    .union([
      z.string(),
      z.array(chatMessage),
      z.object({ system: z.string().optional(), messages: z.array(chatMessage) }),
    ])
    .describe("text: a string; openai: the messages; anthropic: system and messages"),
  includes: z
    .array(z.object({ name: z.string(), version: versionNumber, by: z.string().describe("version, or label:NAME") }))
    .describe("what was included, and what decided about its version"),
  warnings: z.array(renderFault).describe("values that nothing uses, variables without a value"),
});

export type RenderRequest = z.infer<typeof renderRequest>;
export type RenderedPrompt = z.infer<typeof renderedPrompt>;
