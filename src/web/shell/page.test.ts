import { expect, it } from "vitest";
import type { Identity } from "../../sdk/index.ts";
import { accessOf } from "./page.tsx";

const ada: Identity = {
  kind: "user",
  name: "ada",
  operator: false,
  projects: { default: "editor", mail: "viewer" },
  changesPlace: null,
};

it("a project that somebody is in has their role", () => {
  expect(accessOf(ada, "mail")).toMatchObject({ project: "mail", role: "viewer", mayEdit: false });
});

it.each(["constructor", "__proto__", "toString"])("a project %s is one that nobody is in", (name) => {
  expect(accessOf(ada, name)).toBeNull();
});
