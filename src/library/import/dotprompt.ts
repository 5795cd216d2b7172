/** `.prompt` files of dotprompt: YAML front matter and Handlebars, `{{role "system"}}` begins a message. */
import type { Message } from "../../contract/shapes.ts";
import { readFrontMatter } from "./front-matter.ts";
import { handlebarsTags, readHandlebars } from "./handlebars.ts";
import { type Outcome, onePromptReader } from "./one-prompt.ts";
import { readSchema } from "./picoschema.ts";
import { descriptionFrom } from "./properties.ts";
import { withoutSecrets } from "./secrets.ts";
import { type Body, convertBody, piecewise } from "./template-conversion.ts";
import type { SourceText } from "./whole-file.ts";

export const readDotprompt = onePromptReader(/\.prompt$/i, interpret);

function interpret({ text, notes }: SourceText): Outcome {
  const front = readFrontMatter(text);
  if ("reason" in front) return front;
  const trimmed = front.body.trim();
  if (trimmed === "") return { line: 1, reason: "the prompt is empty" };
  const { description, ...rest } = front.data;
  const { variables, known } = readSchema(rest.input);
  const split = splitBody(trimmed);
  const converted = convertBody(split.body, piecewise(readHandlebars(known), known), "Handlebars");
  const { config, left } = withoutSecrets(rest);
  const about = descriptionFrom(description);
  return {
    ...converted.body,
    template: converted.template,
    variables: split.history ? { ...variables, history: { type: "messages" } } : variables,
    config,
    ...about.kept,
    notes: [
      ...notes,
      ...(front.commented ? ["comments above the front matter were left out"] : []),
      ...(split.attributes ? ["what stands behind the name of a role was left out"] : []),
      ...converted.notes,
      ...left,
      ...about.left,
    ],
  };
}

type Role = Extract<Message, { role: unknown }>["role"];
const roles: Readonly<Record<string, Role>> = {
  system: "system",
  user: "user",
  model: "assistant",
  assistant: "assistant",
  tool: "tool",
};

const roleTag = /^(#?)\s*role\s+["']([a-z]+)["'](\s.*)?$/s;

interface Split {
  body: Body;
  history: boolean;
  attributes: boolean;
}

/**
 * The messages, as dotprompt itself cuts them: before the first role it is the user's, behind the history the model's.
 * Without role and history outside of any block it is a text.
 */
function splitBody(body: string): Split {
  const whole: Split = { body: { text: body }, history: false, attributes: false };
  const { tags } = handlebarsTags(body);
  const messages: Message[] = [];
  let role: Role = "user";
  let from = 0;
  let depth = 0;
  let cut = false;
  let history = false;
  let attributes = false;
  const flush = (until: number) => {
    const content = body.slice(from, until).trim();
    if (content !== "") messages.push({ role, content });
  };
  for (const { start, end, inside } of tags) {
    const [, block, name, rest = ""] = roleTag.exec(inside) ?? [];
    if (depth === 0 && name !== undefined) {
      const next = Object.hasOwn(roles, name) ? roles[name] : undefined;
      if (!next) return whole;
      flush(start);
      if (rest.trim() !== "") attributes = true;
      [role, from, cut] = [next, end, true];
    } else if (depth === 0 && inside === "history") {
      flush(start);
      messages.push({ placeholder: "history" });
      [role, from, cut, history] = ["assistant", end, true, true];
    } else if (depth === 0 && /^\/\s*role$/.test(inside)) {
      flush(start);
      [role, from] = ["user", end];
    }
    // `{{#role "user"}}` … `{{/role}}` is written here and there: the block is the message.
    if (block === "#" || /^\/\s*role$/.test(inside)) continue;
    if (inside.startsWith("#")) depth += 1;
    else if (inside.startsWith("/")) depth = Math.max(0, depth - 1);
  }
  if (!cut) return whole;
  flush(body.length);
  return messages.length === 0 ? whole : { body: { messages }, history, attributes };
}
