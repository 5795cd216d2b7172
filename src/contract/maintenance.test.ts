import { expect, it } from "vitest";
import { recoveryRoutes } from "./recovery-routes.ts";
import { answersDuring, type Route } from "./route.ts";
import { routes } from "./routes.ts";

/** Recovering goes on in any mode: it may be what maintenance is for. */
const recovery = Object.entries<Route>(recoveryRoutes).map(([id, { method }]) => `${method} ${id}`);

const answering = (mode: "read-only" | "closed") =>
  Object.entries<Route>(routes)
    .filter(([, route]) => answersDuring(route, mode))
    .map(([id, { method }]) => `${method} ${id}`);

it("while it is closed only health, sign-in, recovery and what ends it answer", () => {
  expect(answering("closed").toSorted()).toEqual(
    [
      ...recovery,
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
  ).toEqual(
    [
      ...recovery.filter((name) => !name.startsWith("GET ")),
      "POST login",
      "POST logout",
      "POST renderPrompt",
      "POST renderPromptByQuery",
      "POST resolvePrompts",
      "PUT setMaintenance",
    ].toSorted(),
  );
});
