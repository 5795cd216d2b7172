import { describe, expect, it } from "vitest";
import { mirroredIn } from "./push-mirrored.ts";

const asked = { name: "mail/welcome", file: "welcome.json" };
const content = { variables: {}, config: { temperature: 0 }, template: "mustache" };
const version = {
  version: 2,
  author: "user:ada",
  message: "Shorter",
  createdAt: "",
  contentHash: "sha256:00",
  ...content,
};
const file = {
  ...{ format: 1, project: "shop", name: "mail/welcome", id: "7", type: "text", description: "To new ones" },
  ...{ tags: ["mail"], newest: 2, revision: "9", labels: { production: 1 }, archives: [] },
  versions: [
    { ...version, version: 1, text: "Hello!" },
    { ...version, text: "Hi!" },
  ],
};
const pushed = (changes: object = {}) => mirroredIn(JSON.stringify({ ...file, ...changes }), asked);

describe("a file of the mirror that is pushed", () => {
  it("saves what its newest version says and what the prompt has, in its own project", () => {
    expect(pushed()).toEqual({
      project: "shop",
      save: { text: "Hi!", ...content, description: "To new ones", tags: ["mail"], message: "Shorter" },
    });
    const messages = [{ role: "user", content: "Hi!" }];
    const chat = pushed({ type: "chat", versions: [{ ...version, message: "", messages }] });
    expect(chat?.save).toEqual({ messages, ...content, description: "To new ones", tags: ["mail"] });
  });

  it("is refused under another name, and where its newest version says nothing any more", () => {
    const refused = (message: string) => expect.objectContaining({ code: "usage", message });
    expect(() => pushed({ name: "other" })).toThrow(
      refused("welcome.json is a file of the mirror and holds “other”, not “mail/welcome”."),
    );
    const redacted = [{ ...version, text: "", redactedAt: "2026-11-22T06:00:00.000Z" }];
    expect(() => pushed({ versions: redacted })).toThrow(
      refused("Version 2, the newest in welcome.json, says nothing: it was redacted."),
    );
  });

  it("is told from text that only looks like it, which is pushed as it is", () => {
    for (const text of [
      "Hello {{name}}",
      "",
      "[]",
      "null",
      '{"format":1}',
      JSON.stringify({ ...file, versions: [] }),
    ]) {
      expect(mirroredIn(text, asked)).toBeNull();
    }
    expect(pushed({ format: 2 })).toBeNull();
    expect(pushed({ revision: undefined })).toBeNull();
  });
});
