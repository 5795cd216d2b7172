import { expect, it } from "vitest";
import type { AuditEntry, LabelMove } from "../../sdk/index.ts";
import { deedsOf, labelsTold } from "./deeds.ts";

let count = 0;
const entry = (action: string, details: AuditEntry["details"]): AuditEntry => ({
  id: String(count++),
  at: `2027-01-01T00:00:00.${String(999 - count).padStart(3, "0")}Z`,
  actor: "user:eva",
  project: "default",
  action,
  subject: "mail/a",
  details,
  address: null,
});

it("labels that it has no more are known from the audit log, each once, and not those of other things", () => {
  expect(
    labelsTold([
      entry("label.remove", { label: "production" }),
      entry("label.undo", { label: "staging", version: null, undone: "1" }),
      entry("label.move", { label: "production", version: 2 }),
      entry("label.protect", {}),
      entry("prompt.rename", { from: "b" }),
    ]),
  ).toEqual(["production", "staging"]);
});

it("what became of labels is told once, and what else was done to the prompt in words", () => {
  const move: LabelMove = {
    id: "1",
    label: "production",
    from: 1,
    to: null,
    movedAt: "2027-01-02T00:00:00.000Z",
    movedBy: "user:eva",
    undoes: null,
    promotedFrom: null,
  };
  const audit = [
    entry("label.remove", { label: "production" }),
    entry("prompt.move", { from: { project: "old", name: "x" } }),
    entry("prompt.move", { to: { project: "new", name: "y" } }),
    entry("alias.end", { alias: "mail/former" }),
    entry("prompt.save", { version: 1 }),
  ];
  expect(deedsOf([], [move], audit).map(({ did }) => did)).toEqual([
    "took production off version 1",
    "moved it here; it was x in the project old",
    "moved it: y in the project new",
    "ended the former name mail/former",
  ]);
});
