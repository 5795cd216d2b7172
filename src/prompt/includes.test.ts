import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fuzz } from "../../test/support/library.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Prompt } from "../contract/shapes.ts";
import { parseReference, referenceKey } from "./include-reference.ts";
import { INCLUDE_DEPTH, resolveIncludes } from "./includes.ts";
import { render } from "./render.ts";
import type { RenderFault } from "./render-fault.ts";
import { chatPrompt, librarian, textPrompt } from "./testing/prompts.ts";

async function resolved(root: Prompt, others: readonly Prompt[], asked: string | null = "latest") {
  const found = await resolveIncludes(root, asked, librarian(others));
  return [...found].map(([key, { prompt, by }]) => [key, prompt.version, by]);
}

async function refused(root: Prompt, others: readonly Prompt[], asked: string | null = "latest") {
  const error = await resolveIncludes(root, asked, librarian(others)).then(
    () => expect.fail("it was resolved"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PromptlibError)) throw error;
  expect(error.code).toBe("include_unresolved");
  const { faults = [] } = (error.details ?? {}) as { faults?: RenderFault[] };
  return { error, faults, messages: faults.map(({ message }) => message) };
}

describe("what an include names", () => {
  it.each([
    ["mail/footer", { name: "mail/footer", version: null, label: null }, "mail/footer"],
    ["a@3", { name: "a", version: 3, label: null }, "a@3"],
    ["a @ staging", { name: "a", version: null, label: "staging" }, "a@staging"],
    ["Two words@v1.2-x", { name: "Two words", version: null, label: "v1.2-x" }, "Two words@v1.2-x"],
    ["me@home@latest", { name: "me@home", version: null, label: "latest" }, "me@home@latest"],
    ["Zoe\u0308", { name: "Zo\u00eb", version: null, label: null }, "Zo\u00eb"],
  ])("%j", (text, reference, key) => {
    expect(parseReference(text)).toEqual(reference);
    expect(referenceKey(reference)).toBe(key);
  });

  it.each(["a@", "a@Staging", "a@0", "a@99999999999", "@x", "a//b", "a@b c", "../a", "a\u0007"])(
    "%j is refused",
    (text) => {
      expect(parseReference(text)).toHaveProperty("fault");
    },
  );
});

describe("the version of an include", () => {
  const child = (version: number, ...labels: string[]) => textPrompt("child", `child ${version}`, { version, labels });
  const versions = [child(1, "production"), child(2, "staging"), child(3, "latest")];
  const root = (text: string) => textPrompt("root", text);

  it.each([
    ["{{> child}}", "staging", [["child", 2, "label:staging"]]],
    ["{{> child}}", "canary", [["child", 1, "label:production"]]],
    ["{{> child}}", "production", [["child", 1, "label:production"]]],
    ["{{> child}}", "latest", [["child", 3, "label:latest"]]],
    ["{{> child}}", null, [["child", 1, "label:production"]]],
    ["{{> child@2}}", "production", [["child@2", 2, "version"]]],
    ["{{> child@latest}}", "production", [["child@latest", 3, "label:latest"]]],
    [
      "{{> child@1}}{{>child@1}}{{> child}}",
      null,
      [
        ["child@1", 1, "version"],
        ["child", 1, "label:production"],
      ],
    ],
  ])("%s asked for by the label %s", async (text, asked, expected) => {
    expect(await resolved(root(text), versions, asked)).toEqual(expected);
  });

  it("follows the label of the request also further down, whatever is named on the way", async () => {
    const middle = textPrompt("middle", "{{> child}}", { labels: ["canary"] });
    expect(await resolved(root("{{> middle@canary}}"), [middle, ...versions], "staging")).toEqual([
      ["middle@canary", 1, "label:canary"],
      ["child", 2, "label:staging"],
    ]);
  });

  it("is an error that names both labels where the prompt has neither", async () => {
    const { messages } = await refused(root("{{> child}}"), [child(1, "latest")], "staging");
    expect(messages).toEqual([
      "“child” has neither the label “staging” nor the label “production”; name another, or a version, behind @",
    ]);
  });

  it("of a verbatim text is not looked for", async () => {
    expect(await resolved(textPrompt("root", "{{> child}}", { template: "none" }), versions)).toEqual([]);
  });
});

describe("includes that cannot be had", () => {
  it("are told all at once, each where it is written", async () => {
    const root = textPrompt("root", "{{> nobody}}\n {{> chat}} {{> child@9}} {{> child}}");
    const chat = chatPrompt("chat", [{ role: "user", content: "x" }]);
    const { faults } = await refused(root, [chat, textPrompt("child", "x\n{{> gone}}")]);
    expect(faults.map(({ include, line, column, message }) => [include, line, column, message])).toEqual([
      [null, 1, 1, "There is no prompt named “nobody”"],
      [null, 2, 2, "“chat” is a chat prompt; only text prompts can be included"],
      [null, 2, 13, "“child” has no such label or version"],
      ["child", 2, 1, "There is no prompt named “gone”"],
    ]);
  });

  it("in a message are told with the message", async () => {
    const root = chatPrompt("root", [{ placeholder: "p" }, { role: "user", content: "{{> nobody}}" }]);
    expect((await refused(root, [])).faults).toMatchObject([{ index: 1, line: 1, column: 1 }]);
  });

  it("in a circle name the way", async () => {
    const a = textPrompt("a", "{{> b}}");
    const b = textPrompt("b", "{{#never}}{{> c}}{{/never}}{{> c}}");
    const c = textPrompt("c", "\n{{> a}}");
    const { faults } = await refused(a, [a, b, c]);
    expect(faults).toMatchObject([{ include: "c", line: 2, message: "the includes go in a circle: a → b → c → a" }]);
    const self = textPrompt("self", "{{> self}}");
    expect((await refused(self, [self])).messages).toEqual(["the includes go in a circle: self → self"]);
  });

  it("in a circle behind the prompt name the circle alone", async () => {
    const b = textPrompt("b", "{{> c}}");
    const c = textPrompt("c", "{{> b}}");
    expect((await refused(textPrompt("a", "{{> b}}"), [b, c])).messages).toEqual([
      "the includes go in a circle: b → c → b",
    ]);
  });

  it("go in no circle through another version of the same prompt", async () => {
    const old = textPrompt("a", "no more", { labels: [] });
    const now = textPrompt("a", "{{> b}}", { version: 2 });
    expect(await resolved(now, [old, now, textPrompt("b", "{{> a@1}}")])).toHaveLength(2);
  });

  it("deeper than allowed name the longest way, exactly as deep as allowed are found", async () => {
    const chain = Array.from({ length: INCLUDE_DEPTH + 2 }, (_, n) => textPrompt(`p${n}`, `{{> p${n + 1}}}`));
    const end = (n: number) => textPrompt(`p${n}`, "end");
    const [root, ...others] = chain;
    if (!root) throw new Error("no chain");
    expect(await resolved(root, [...others.slice(0, INCLUDE_DEPTH - 1), end(INCLUDE_DEPTH)])).toHaveLength(
      INCLUDE_DEPTH,
    );
    const { messages } = await refused(root, [...others.slice(0, INCLUDE_DEPTH), end(INCLUDE_DEPTH + 1)]);
    expect(messages).toEqual([
      "includes go 9 deep, and at most 8 are allowed: p0 → p1 → p2 → p3 → p4 → p5 → p6 → p7 → p8 → p9",
    ]);
  });

  it("without end are told as too many", async () => {
    const text = Array.from({ length: 101 }, (_, n) => `{{> p${n}}}`).join("");
    const many = Array.from({ length: 101 }, (_, n) => textPrompt(`p${n}`, ""));
    expect((await refused(textPrompt("root", text), many)).error.message).toContain("more than 100");
    const doubling = Array.from({ length: 9 }, (_, n) => textPrompt(`q${n}`, `{{> q${n + 1}}}`.repeat(2)));
    expect(
      await resolved(textPrompt("root", "{{> q1}}"), [...doubling.slice(1, 8), textPrompt("q8", "")]),
    ).toHaveLength(8);
  });

  it("larger than what could come out are told as that", async () => {
    const five = Array.from({ length: 5 }, (_, n) => textPrompt(`p${n}`, "x".repeat(1_000_000)));
    const root = textPrompt("root", five.map(({ name }) => `{{> ${name}}}`).join(""));
    const asking = resolveIncludes(root, null, librarian(five));
    await expect(asking).rejects.toMatchObject({ code: "render_too_large" });
  });

  it("because nobody can be asked are told as that", async () => {
    const find = async () => {
      throw new PromptlibError("database_unavailable");
    };
    const asking = resolveIncludes(textPrompt("root", "{{> a}}"), null, find);
    await expect(asking).rejects.toMatchObject({ code: "database_unavailable" });
  });
});

describe("any prompts that include each other", () => {
  /** For each of twelve prompts those that it includes; every other time only later ones, so that no way is a circle. */
  const anyWay = fc.array(fc.array(fc.nat({ max: 11 }), { maxLength: 3 }), { minLength: 12, maxLength: 12 });
  const graphs = fc
    .tuple(anyWay, fc.boolean())
    .map(([graph, onward]) => graph.map((to, from) => to.filter((other) => !onward || other > from)));

  /** The longest way from here, or Infinity where one leads in a circle. */
  function longest(graph: readonly number[][], from: number, way: readonly number[] = []): number {
    if (way.includes(from)) return Number.POSITIVE_INFINITY;
    const next = (graph[from] ?? []).map((to) => 1 + longest(graph, to, [...way, from]));
    return Math.max(0, ...next);
  }
  const spelledOut = (graph: readonly number[][], from: number): string =>
    `(${from}${(graph[from] ?? []).map((to) => spelledOut(graph, to)).join("")})`;

  it("are rendered where no way is a circle or too long, and refused where one is", async () => {
    await fc.assert(
      fc.asyncProperty(graphs, async (graph) => {
        const prompts = graph.map((to, n) =>
          textPrompt(`p${n}`, `(${n}${to.map((other) => `{{> p${other}}}`).join("")})`),
        );
        const [root] = prompts;
        if (!root) throw new Error("there are twelve");
        const depth = longest(graph, 0);
        const outcome = await resolveIncludes(root, null, librarian(prompts)).catch((error: unknown) => error);
        if (depth > INCLUDE_DEPTH) expect(outcome).toMatchObject({ code: "include_unresolved" });
        else if (outcome instanceof Map)
          expect(render(root, {}, outcome)).toMatchObject({ text: spelledOut(graph, 0) });
        else throw outcome;
      }),
      { numRuns: 300, ...fuzz },
    );
  });
});
