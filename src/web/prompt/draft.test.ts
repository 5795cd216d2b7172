import { expect, it } from "vitest";
import { type Content, type Draft, isDraft, isOvertaken, isSame, saveOf, withType } from "./draft.ts";

const content: Content = { text: "Hello {{name}}", variables: {}, config: { temperature: 0 }, template: "mustache" };
const draft: Draft = { base: 4, content, message: " shorter ", name: "" };

it("is saved on top of the version that it was begun on, with the reason trimmed", () => {
  expect(saveOf(draft, "mail/welcome")).toEqual({
    name: "mail/welcome",
    ...content,
    message: "shorter",
    baseVersion: 4,
  });
  expect(saveOf({ ...draft, base: null, message: " " }, "a")).toEqual({ name: "a", ...content, baseVersion: 0 });
});

it("is overtaken by a newer version, and by another prompt that took the name; a draft of before is not", () => {
  const hashed = { ...draft, baseHash: "sha256:a" };
  expect(saveOf(hashed, "a")).toMatchObject({ baseVersion: 4, baseHash: "sha256:a" });
  expect(isDraft(hashed)).toBe(true);
  expect(isDraft({ ...draft, baseHash: 1 })).toBe(false);
  expect(isOvertaken(hashed, { version: 4, contentHash: "sha256:a" })).toBe(false);
  expect(isOvertaken(hashed, { version: 4, contentHash: "sha256:b" })).toBe(true);
  expect(isOvertaken(hashed, { version: 5, contentHash: "sha256:a" })).toBe(true);
  expect(isOvertaken(draft, { version: 4, contentHash: "sha256:b" })).toBe(false);
});

it("is the same whatever the order of its configuration", () => {
  const one = { ...content, config: { a: 1, b: 2 } };
  expect(isSame(one, { ...content, config: { b: 2, a: 1 } })).toBe(true);
  expect(isSame(one, { ...one, text: "Hello {{name}} " })).toBe(false);
});

it("a text becomes a message of the user, and one message a text: nothing written goes", () => {
  const chat = withType(draft, "chat");
  expect(chat.content).toEqual({ ...content, text: undefined, messages: [{ role: "user", content: content.text }] });
  const changed = withType(
    { ...chat, content: { ...chat.content, messages: [{ role: "user", content: "x" }] } },
    "text",
  );
  expect(changed.content.text).toBe("x");
  expect(withType({ ...draft, content: { ...content, text: "" } }, "chat").content.messages).toEqual([
    { role: "system", content: "" },
  ]);
});

it("several messages become one text with their roles, and are as they were for who goes back", () => {
  const messages: Content["messages"] = [
    { role: "system", content: "Be kind." },
    { placeholder: "history" },
    { role: "user", content: "{{question}}" },
  ];
  const chat: Draft = { ...draft, content: { messages, variables: {}, config: {}, template: "mustache" } };
  const text = withType(chat, "text");
  expect(text.content.text).toBe("[system]\nBe kind.\n\n[messages: history]\n\n[user]\n{{question}}\n");
  expect(withType(text, "chat").content.messages).toEqual(messages);
  expect(withType({ ...text, content: { ...text.content, text: "other" } }, "chat").content.messages).toEqual([
    { role: "user", content: "other" },
  ]);
  expect(isDraft(JSON.parse(JSON.stringify(text)))).toBe(true);
});
