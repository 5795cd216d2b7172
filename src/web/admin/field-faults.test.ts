import { expect, it } from "vitest";
import { PromptlibError } from "../../sdk/index.ts";
import { fieldFaults } from "./field-faults.ts";

function invalid(...faults: { field: string; fault: string }[]) {
  return new PromptlibError("invalid_request", { details: { faults } });
}

it("every fault stands at its field, and what is missing is called so", () => {
  const error = invalid(
    { field: "body.username", fault: "a user name is 1 to 64 of a-z" },
    { field: "body.username", fault: "another" },
    { field: "body.name", fault: "Too small: expected string to have >=1 characters" },
    { field: "body.scopes.2", fault: "a scope is read, write or label:NAME" },
  );
  expect(fieldFaults(error, { username: "Eva!", name: " ", scopes: "x" })).toEqual({
    faults: {
      username: "A user name is 1 to 64 of a-z.",
      name: "This is needed.",
      scopes: "A scope is read, write or label:NAME.",
    },
    isWhole: false,
  });
});

it("what is at no field is for the whole form", () => {
  expect(fieldFaults(invalid({ field: "body", fault: "no" }), { name: "" }).isWhole).toBe(true);
  expect(fieldFaults(new PromptlibError("already_exists"), { name: "" })).toEqual({ faults: {}, isWhole: true });
  expect(fieldFaults(invalid(), { name: "" }).isWhole).toBe(true);
  expect(fieldFaults(null, { name: "" })).toEqual({ faults: {}, isWhole: false });
});
