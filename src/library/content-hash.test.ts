import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { contentHash } from "./content-hash.ts";

it("the content hash is what sha256sum says of the canonical content", () => {
  const input = '{"config":{},"template":"none","text":"é","variables":{}}';
  const [digest] = execFileSync("sha256sum", { input, encoding: "utf8" }).split(" ");
  expect(contentHash({ text: "é", variables: {}, config: {}, template: "none" })).toBe(`sha256:${digest}`);
});
