/** All texts of a prompt converted from their language to Mustache, or none of them. */
import type { Message } from "../../contract/shapes.ts";
import { parseTemplate } from "../../prompt/template.ts";
import { readJinja } from "./jinja.ts";
import { type Converted, type Known, type Piece, toMustache } from "./sections.ts";

export type Body = { text: string } | { messages: Message[] };
/** A text, and the number of its message from 0, converted; or why it cannot be. */
export type Language = (text: string, at: number) => Converted;

export interface ConvertedBody {
  body: Body;
  template: "mustache" | "none";
  notes: string[];
}

export function jinja(known: Known): Language {
  return piecewise(readJinja, known);
}

export function piecewise(read: (text: string) => { pieces: Piece[] } | { fault: string }, known: Known): Language {
  return (text) => {
    const taken = read(text);
    return "fault" in taken ? taken : toMustache(taken.pieces, known);
  };
}

/** Mustache itself: only looked at. */
export function mustache(text: string): Converted {
  const parsed = parseTemplate(text);
  const [fault] = "faults" in parsed ? parsed.faults : [];
  return fault ? { fault: `line ${fault.line}: ${fault.message}` } : { text, conditions: [], changed: false };
}

/** A source without any syntax of its own: its braces are braces. */
export function plain(text: string): Converted {
  return text.includes("{{")
    ? { fault: "it holds {{, which would be read as a variable" }
    : { text, conditions: [], changed: false };
}

export function convertBody(body: Body, language: Language, name: string): ConvertedBody {
  const conditions = new Set<string>();
  let changed = false;
  const convert = (text: string, at: number): string => {
    const converted = language(text, at);
    if ("fault" in converted) throw new Inconvertible(converted.fault);
    for (const condition of converted.conditions) conditions.add(condition);
    if (converted.changed) changed = true;
    return converted.text;
  };
  try {
    const converted: Body =
      "text" in body
        ? { text: convert(body.text, 0) }
        : {
            messages: body.messages.map((message, at) =>
              "content" in message ? { ...message, content: convert(message.content, at) } : message,
            ),
          };
    const taken = conditions.size > 0 ? `; taken for plain values: ${[...conditions].join(", ")}` : "";
    return { body: converted, template: "mustache", notes: changed ? [`${name} became Mustache${taken}`] : [] };
  } catch (error) {
    if (!(error instanceof Inconvertible)) throw error;
    return { body, template: "none", notes: [`kept as it is, without variables: ${error.message}`] };
  }
}

class Inconvertible extends Error {}
