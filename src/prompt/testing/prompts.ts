/** Prompts for tests, and who finds them. */
import { PromptlibError } from "../../contract/errors.ts";
import type { Prompt } from "../../contract/shapes.ts";
import type { FindPrompt } from "../includes.ts";

export function textPrompt(name: string, text: string, more: Partial<Prompt> = {}): Prompt {
  return {
    project: "default",
    name,
    type: "text",
    version: 1,
    newest: 1,
    author: "user:ada",
    message: "",
    createdAt: "2026-01-01T00:00:00.000Z",
    contentHash: "",
    labels: ["latest", "production"],
    description: "",
    tags: [],
    text,
    variables: {},
    config: {},
    template: "mustache",
    ...more,
  };
}

export function chatPrompt(name: string, messages: NonNullable<Prompt["messages"]>): Prompt {
  const { text: _none, ...prompt } = textPrompt(name, "");
  return { ...prompt, type: "chat", messages };
}

/** Finds these, each version by its number and by its labels. */
export function librarian(prompts: readonly Prompt[]): FindPrompt {
  return async (name, { version, label }) => {
    const versions = prompts.filter((prompt) => prompt.name === name);
    if (versions.length === 0) {
      throw new PromptlibError("prompt_not_found", { message: `There is no prompt named “${name}”.` });
    }
    const found = versions.find((prompt) =>
      version === undefined ? prompt.labels.includes(label ?? "latest") : prompt.version === version,
    );
    if (found) return found;
    throw new PromptlibError(version === undefined ? "label_not_found" : "version_not_found", {
      message: `“${name}” has no such label or version.`,
    });
  };
}
