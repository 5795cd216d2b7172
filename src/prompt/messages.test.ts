import { describe, expect, it } from "vitest";
import type { Message } from "../contract/shapes.ts";
import { formatRendered } from "./messages.ts";
import { render } from "./render.ts";

type Role = Extract<Message, { role: string }>["role"];

function chat(...said: [Role, string][]) {
  const messages = said.map(([role, content]) => ({ role, content }));
  return render({ messages, variables: {}, config: {}, template: "mustache" }, {});
}
const text = (said: string) => render({ text: said, variables: {}, config: {}, template: "mustache" }, {});

function faultsOf(rendered: ReturnType<typeof render>, format: "openai" | "anthropic") {
  try {
    formatRendered(rendered, format);
  } catch (error) {
    expect(error).toMatchObject({ code: "render_invalid" });
    return (error as { details: { faults: { index: number | null; message: string }[] } }).details.faults;
  }
  return expect.fail("nothing was refused");
}

describe("a rendered text", () => {
  it("is a text, or one message of the user", () => {
    expect(formatRendered(text("Hi"), "text")).toBe("Hi");
    expect(formatRendered(text("Hi"), "openai")).toEqual([{ role: "user", content: "Hi" }]);
    expect(formatRendered(text("Hi"), "anthropic")).toEqual({ messages: [{ role: "user", content: "Hi" }] });
  });
});

describe("a rendered chat", () => {
  const talk = chat(
    ["system", "Be brief."],
    ["developer", "No lists."],
    ["user", "Hi"],
    ["user", "?"],
    ["assistant", "Yo"],
  );

  it("as text is each message under its role", () => {
    expect(formatRendered(chat(["user", "Hi"], ["assistant", "Yo\n"]), "text")).toBe("[user]\nHi\n\n[assistant]\nYo\n");
  });

  it("for OpenAI is its messages, without where they came from", () => {
    expect(formatRendered(talk, "openai")).toEqual([
      { role: "system", content: "Be brief." },
      { role: "developer", content: "No lists." },
      { role: "user", content: "Hi" },
      { role: "user", content: "?" },
      { role: "assistant", content: "Yo" },
    ]);
  });

  it("for Anthropic has system text apart, and the others in their order", () => {
    expect(formatRendered(talk, "anthropic")).toEqual({
      system: "Be brief.\n\nNo lists.",
      messages: [
        { role: "user", content: "Hi" },
        { role: "user", content: "?" },
        { role: "assistant", content: "Yo" },
      ],
    });
  });

  it("is refused where the provider would refuse it, with every message that it is about", () => {
    const odd = chat(["user", " \n"], ["user", "Hi"], ["system", "Stop."], ["tool", "42"]);
    expect(faultsOf(odd, "openai").map(({ index }) => index)).toEqual([3]);
    expect(faultsOf(odd, "anthropic").map(({ index, message }) => [index, message])).toEqual([
      [0, "this message is empty, which Anthropic refuses"],
      [2, expect.stringContaining("has the role system behind the first of the conversation")],
      [3, expect.stringContaining("has the role tool")],
    ]);
    expect(faultsOf(chat(["system", "x"]), "anthropic")).toMatchObject([
      { index: null, message: expect.stringContaining("no message") },
    ]);
  });

  it("says of a message that was given which one it is", () => {
    const content = { messages: [{ placeholder: "h" }], variables: {}, config: {}, template: "mustache" as const };
    const rendered = render(content, {
      h: [
        { role: "user", content: "x" },
        { role: "tool", content: "y" },
      ],
    });
    expect(faultsOf(rendered, "openai")).toMatchObject([
      { index: 0, message: expect.stringMatching(/^message 2 of those that were given here has the role tool/) },
    ]);
  });
});
