import type { Prompt } from "../../src/sdk/index.ts";

/** A prompt as a fetch answers it, whole. */
export function fetchedPrompt(more: Partial<Prompt> = {}): Prompt {
  return {
    project: "default",
    name: "a",
    type: "text",
    description: "",
    tags: [],
    version: 1,
    newest: 1,
    author: "user:ada",
    message: "",
    createdAt: "2026-11-22T06:00:00.000Z",
    contentHash: "sha256:00",
    labels: ["latest"],
    text: "",
    variables: {},
    config: {},
    template: "mustache",
    ...more,
  };
}
