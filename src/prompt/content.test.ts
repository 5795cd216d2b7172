import { describe, expect, it } from "vitest";
import type { Content } from "../contract/shapes.ts";
import { canonicalContent, contentSize } from "./content.ts";

const content: Content = { text: "Hi {{name}}", variables: {}, config: {}, template: "mustache" };

describe("canonical content", () => {
  it("holds text, variables, config and template, keys in order", () => {
    expect(
      canonicalContent({ ...content, config: { b: 1.0, a: [true, null] }, variables: { name: { default: "x" } } }),
    ).toBe(
      '{"config":{"a":[true,null],"b":1},"template":"mustache","text":"Hi {{name}}","variables":{"name":{"default":"x"}}}',
    );
  });

  it("is the same when anything else of the prompt differs", () => {
    const prompt = { ...content, name: "a", tags: ["x"], version: 3 };
    expect(canonicalContent(prompt)).toBe(canonicalContent(content));
  });

  it("does not depend on the order of keys, nor on a field that is there but undefined", () => {
    expect(canonicalContent({ ...content, config: { a: 1, b: 2 }, messages: undefined })).toBe(
      canonicalContent({ ...content, config: { b: 2, a: 1 } }),
    );
  });

  it("differs when the text is composed differently, or ends its lines differently", () => {
    const texts = ["é", "e\u0301", "a\nb", "a\r\nb"];
    expect(new Set(texts.map((text) => canonicalContent({ ...content, text }))).size).toBe(texts.length);
  });

  it("differs between a text and a message that holds it", () => {
    const { text: _, ...rest } = content;
    const chat: Content = { ...rest, messages: [{ role: "user", content: "Hi {{name}}" }] };
    expect(canonicalContent(chat)).not.toBe(canonicalContent(content));
  });
});

describe("the size of content", () => {
  it("is counted in bytes of UTF-8", () => {
    expect(contentSize({ text: "é😀" })).toBe(6);
  });

  it("counts role and content of each message, and the names of placeholders", () => {
    expect(contentSize({ messages: [{ role: "user", content: "é" }, { placeholder: "history" }] })).toBe(4 + 2 + 7);
  });
});
