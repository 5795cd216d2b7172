import { expect, it } from "vitest";
import { answersDuring, type Route } from "./route.ts";
import { routes } from "./routes.ts";

const answering = (mode: "read-only" | "closed") =>
  Object.entries<Route>(routes)
    .filter(([, route]) => answersDuring(route, mode))
    .map(([id, { method }]) => `${method} ${id}`);

it("while it is closed only health, sign-in and what ends it answer", () => {
  expect(answering("closed").toSorted()).toEqual(
    [
      "GET health",
      "GET me",
      "GET metrics",
      "GET openapi",
      "GET readMaintenance",
      "GET systemHealth",
      "POST login",
      "POST logout",
      "PUT setMaintenance",
    ].toSorted(),
  );
});

it("while it is read-only all that reads answers, and nothing that writes but who comes and goes", () => {
  const all = Object.entries<Route>(routes);
  expect(answering("read-only").filter((name) => name.startsWith("GET "))).toHaveLength(
    all.filter(([, { method }]) => method === "GET").length,
  );
  expect(
    answering("read-only")
      .filter((name) => !name.startsWith("GET "))
      .toSorted(),
  ).toEqual([
    "POST login",
    "POST logout",
    "POST renderPrompt",
    "POST renderPromptByQuery",
    "POST resolvePrompts",
    "PUT setMaintenance",
  ]);
});
