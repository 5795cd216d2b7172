/** Shapes of the change events of a project: what happened, never what a prompt says. */
import { z } from "zod";
import { projectName, promptName } from "./shapes.ts";

/** The data of an event `change`. */
export const promptChange = z.object({
  project: projectName,
  name: promptName,
  formerNames: z.array(promptName).describe("names that it had before, also those that answer no more"),
  revision: z.string().regex(/^\d+$/).describe("counts the changes of this prompt; what is lower is older"),
  trashed: z.boolean(),
});

export type PromptChange = z.infer<typeof promptChange>;
