import { expect, it } from "vitest";
import type { Client, PromptSummary } from "../../sdk/index.ts";
import { type Bulk, doOne, folderTyped, planBulk } from "./deeds.ts";

const prompt = (name: string, part: Partial<PromptSummary> = {}): PromptSummary => ({
  project: "default",
  name,
  type: "text",
  description: "",
  tags: ["a"],
  newest: 3,
  labels: { latest: 3, staging: 2 },
  createdAt: "2027-01-01T00:00:00.000Z",
  updatedAt: "2027-01-01T00:00:00.000Z",
  ...part,
});
const plans = (bulk: Bulk, ...prompts: PromptSummary[]) => planBulk(bulk, prompts).map(({ plan }) => plan);

it("a label goes to the newest, or to where another label is; what lacks that one says so", () => {
  const one = prompt("one", { labels: { latest: 3, staging: 2, production: 1 } });
  expect(
    plans(
      { kind: "label", label: "production", from: "latest" },
      one,
      prompt("two", { newest: 1, labels: { latest: 1, production: 1 } }),
    ),
  ).toEqual([
    { does: "production goes to version 3; it was on version 1" },
    { skip: "production is on version 1 already" },
  ]);
  expect(
    plans({ kind: "label", label: "production", from: "staging" }, prompt("a"), prompt("b", { labels: {} })),
  ).toEqual([{ does: "production goes to version 2" }, { fault: "has no label staging" }]);
  // What every object has is no label of it.
  expect(plans({ kind: "label", label: "constructor", from: "latest" }, prompt("a"))).toEqual([
    { does: "constructor goes to version 3" },
  ]);
  expect(plans({ kind: "label", label: "a", from: "constructor" }, prompt("a"))).toEqual([
    { fault: "has no label constructor" },
  ]);
});

it("tags are added and taken away, and no prompt gets more than it may have", () => {
  const many = Array.from({ length: 50 }, (_, n) => `t${n}`);
  expect(
    plans(
      { kind: "tag", add: ["b", "a"], remove: [] },
      prompt("x"),
      prompt("y", { tags: ["a", "b"] }),
      prompt("z", { tags: many }),
    ),
  ).toEqual([
    { does: "has the tags a, b then" },
    { skip: "has these tags already" },
    { fault: "would have 52 tags; at most 50 are allowed" },
  ]);
  expect(plans({ kind: "tag", add: [], remove: ["a"] }, prompt("x"))).toEqual([{ does: "has no tags then" }]);
});

it("taking tags back leaves those that others added or took away meanwhile", async () => {
  let tags = ["a", "b"];
  const client = {
    fetchPrompt: async () => ({ prompt: prompt("x", { tags }) }),
    patchPrompt: async (_: string, { tags: next }: { tags: string[] }) => {
      tags = next;
      return prompt("x", { tags });
    },
  } as unknown as Client;
  const { undo } = await doOne(client, { kind: "tag", add: ["b", "c"], remove: ["a"] }, prompt("x"));
  expect(tags).toEqual(["b", "c"]);
  tags = ["c", "of another"];
  await undo();
  expect(tags).toEqual(["of another", "a"]);
});

it("a folder takes prompts by the last part of their names, one of each", () => {
  expect(plans({ kind: "move", folder: "mail" }, prompt("a/x"), prompt("b/x"), prompt("mail/y"), prompt("z"))).toEqual([
    { fault: "another one of these would be called mail/x, too" },
    { fault: "another one of these would be called mail/x, too" },
    { skip: "is there already" },
    { does: "is called mail/z then, and still answers to the old name" },
  ]);
  expect(plans({ kind: "move", folder: "" }, prompt("a/x"))).toEqual([
    { does: "is called x then, and still answers to the old name" },
  ]);
  expect(plans({ kind: "move", folder: "a//b" }, prompt("x"))[0]).toHaveProperty("fault");
  expect(folderTyped(" /mail/de/ ")).toBe("mail/de");
});
