import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PromptlibError } from "../contract/errors.ts";
import type { Json } from "../contract/shapes.ts";
import { resolveIncludes } from "./includes.ts";
import { render } from "./render.ts";
import { type Deviation, deviations, type SpecCase, specCases } from "./testing/mustache-spec.ts";
import { librarian, textPrompt } from "./testing/prompts.ts";

async function rendered({ template, data = {}, partials = {} }: Omit<SpecCase, "expected">): Promise<string> {
  const prompt = textPrompt("root", template);
  const find = librarian(Object.entries(partials).map(([name, text]) => textPrompt(name, text)));
  const output = render(prompt, data as Record<string, Json>, await resolveIncludes(prompt, null, find));
  return "text" in output ? output.text : "";
}

describe.each(Object.entries(specCases))("the specification of Mustache about %s", (_about, cases) => {
  it.each(cases)("is kept: $name", async ({ expected, ...given }) => {
    expect(await rendered(given)).toBe(expected);
  });
});

describe("a deviation from the specification of Mustache", () => {
  const page = readFileSync(new URL("../../docs/templates.md", import.meta.url), "utf8");
  const outcome = async (given: Deviation): Promise<Deviation["ours"]> => {
    try {
      return await rendered(given);
    } catch (error) {
      return { error: error instanceof PromptlibError ? error.code : String(error) };
    }
  };

  it.each(deviations)("is one, as docs/templates.md says: $name", async (deviation) => {
    const ours = await outcome(deviation);
    expect(ours).toEqual(deviation.ours);
    expect(ours).not.toEqual(deviation.demanded);
    expect(page).toContain(`| ${deviation.name} |`);
  });

  it("that docs/templates.md lists is tested, or cannot be", () => {
    const [, section = ""] = page.split("\n## What differs from Mustache\n");
    const listed = [...section.matchAll(/^\| ([A-Z][^|]+?) \|/gm)].map(([, name]) => name);
    const untested = ["Lambdas", "Inheritance, dynamic names"];
    expect(listed.toSorted()).toEqual([...deviations.map(({ name }) => name), ...untested].toSorted());
  });
});
