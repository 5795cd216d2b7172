import { expect, it } from "vitest";
import { render } from "../../sdk/index.ts";
import type { Content } from "./draft.ts";
import { fieldsOf, valuesOf } from "./fields.ts";

const content: Content = {
  messages: [{ role: "system", content: "For {{name}}{{#vip}}, a VIP{{/vip}}: {{count}}" }, { placeholder: "history" }],
  variables: {
    name: { type: "string", required: true, description: "Whom" },
    count: { type: "number", default: 3 },
    unused: { default: ["a"] },
  },
  config: {},
  template: "mustache",
};
const included: Content = { text: "{{tone}} {{name}}", variables: {}, config: {}, template: "mustache" };

it("has a field for what is used, described, and used by includes, each once", () => {
  expect(fieldsOf(content, [included])).toEqual([
    { name: "name", type: "string", description: "Whom", preset: null, required: true },
    { name: "vip", type: undefined, description: "", preset: null, required: false },
    { name: "count", type: "number", description: "", preset: "3", required: false },
    { name: "history", type: "messages", description: "", preset: null, required: false },
    { name: "unused", type: undefined, description: "", preset: '["a"]', required: false },
    { name: "tone", type: undefined, description: "", preset: null, required: false },
  ]);
});

it("what is typed renders, and what is left empty takes its default", () => {
  const typed = new Map(Object.entries({ name: "Ada", history: '[{"role": "user", "content": "Hi"}]', count: "" }));
  const { values, faults } = valuesOf(fieldsOf(content, []), typed);
  expect(faults.size).toBe(0);
  expect(render(content, values)).toMatchObject({
    messages: [
      { role: "system", content: "For Ada: 3" },
      { role: "user", content: "Hi" },
    ],
  });
});

it("half-typed JSON is told beside its field, and the rest is taken", () => {
  const typed = new Map(Object.entries({ name: "A", history: "[{" }));
  expect(valuesOf(fieldsOf(content, []), typed)).toEqual({
    values: { name: "A" },
    faults: new Map([["history", expect.stringContaining("not a list of messages yet")]]),
  });
});

it("variables may be called what every object has", () => {
  const odd: Content = { text: "{{constructor}} {{__proto__}}", variables: {}, config: {}, template: "mustache" };
  const { values } = valuesOf(fieldsOf(odd, []), new Map([["__proto__", "b"]]));
  expect(Object.entries(values)).toEqual([["__proto__", "b"]]);
});
