/**
 * Prompts of LangChain as JSON: the classic files (`_type`) and the manifests of its hub (`lc`, `id`, `kwargs`). Only
 * read as data: a manifest can name any class, and none is made.
 */
import type { Json, Variable } from "../../contract/shapes.ts";
import { type Fields, fieldsOf, isRecord, isVariableName } from "./fields.ts";
import { parseJsonFile } from "./json-file.ts";
import { fewShotPrompt } from "./langchain-few-shot.ts";
import { readMessage } from "./langchain-messages.ts";
import { formatOf, type Templated } from "./langchain-template.ts";
import { type Outcome, onePromptReader } from "./one-prompt.ts";
import { withoutSecrets } from "./secrets.ts";
import { type Body, convertBody, type Language } from "./template-conversion.ts";
import type { SourceText } from "./whole-file.ts";

export const readLangchain = onePromptReader(/\.json$/i, interpret);

type Fault = { fault: string };
/** What is in the file, whichever of its two forms it has. */
interface Thing {
  kind: string;
  fields: Fields;
}

function interpret({ text, notes }: SourceText): Outcome {
  const parsed = parseJsonFile(text);
  if ("reason" in parsed) return parsed;
  const thing = thingOf(parsed.value);
  if (!thing)
    return { line: 1, reason: "the file is no prompt of LangChain: it has neither _type nor lc, id and kwargs" };
  const read = readThing(thing);
  if ("fault" in read) return { line: 1, reason: read.fault };
  const converted = convertBody(read.body, read.language, "the template");
  const { config, left } = withoutSecrets(restOf(thing.fields));
  return {
    ...converted.body,
    template: converted.template,
    variables: { ...read.placeholders, ...presetsOf(thing.fields) },
    config,
    notes: [...notes, ...converted.notes, ...left],
  };
}

/** A prompt that is bound to a model (in the playground, say) is the first of a sequence; the rest stays beside it. */
function thingOf(value: Json): Thing | null {
  if (!isRecord(value)) return null;
  if (isRecord(value.manifest)) return thingOf(value.manifest);
  if (typeof value._type === "string") return { kind: value._type, fields: value };
  const name = Array.isArray(value.id) ? value.id.at(-1) : null;
  if (typeof name !== "string" || !isRecord(value.kwargs)) return null;
  const { first, ...others } = value.kwargs;
  const inner = first === undefined ? null : thingOf(first);
  return inner ? { ...inner, fields: { ...inner.fields, ...others } } : { kind: name, fields: value.kwargs };
}

/** What has become something else is not kept twice. */
function restOf(fields: Fields): Fields {
  const gone = ["_type", "template", "template_format", "input_variables", "messages", "partial_variables"];
  gone.push("examples", "example_prompt", "example_separator", "prefix", "suffix");
  return Object.fromEntries(Object.entries(fields).filter(([key, value]) => !gone.includes(key) && value !== null));
}

function presetsOf({ partial_variables }: Fields): Record<string, Variable> {
  const presets = Object.entries(fieldsOf(partial_variables)).filter(([name]) => isVariableName(name));
  return Object.fromEntries(presets.map(([name, value]) => [name, { default: value }]));
}

interface Read {
  body: Body;
  language: Language;
  placeholders: Record<string, Variable>;
}

function readThing({ kind, fields }: Thing): Read | Fault {
  switch (kind) {
    case "prompt":
    case "PromptTemplate":
      return readPrompt(fields);
    case "few_shot":
    case "FewShotPromptTemplate": {
      const prompt = fewShotPrompt(fields);
      return isFault(prompt) ? { fault: `the prompt ${prompt.fault}` } : readPrompt(prompt);
    }
    case "chat":
    case "ChatPromptTemplate":
    case "StructuredPrompt":
      return readChat(fields);
    default:
      return { fault: `${kind} of LangChain cannot be imported; a prompt, few_shot or a chat can` };
  }
}

function isFault(value: Fields | Fault): value is Fault {
  return "fault" in value;
}

function readPrompt(fields: Fields): Read | Fault {
  const read = formatOf(fields);
  if ("fault" in read) return { fault: `the prompt ${read.fault}` };
  return { body: { text: read.text }, language: read.language, placeholders: {} };
}

function readChat({ messages }: Fields): Read | Fault {
  if (!Array.isArray(messages) || messages.length === 0) return { fault: "there are no messages" };
  const languages: Language[] = [];
  const body: Extract<Body, { messages: unknown }> = { messages: [] };
  const placeholders: Record<string, Variable> = {};
  for (const [at, each] of messages.entries()) {
    const read = readMessage(each, messages.length === 1);
    if ("fault" in read) return { fault: `message ${at + 1} ${read.fault}` };
    if ("placeholder" in read) {
      body.messages.push({ placeholder: read.placeholder });
      placeholders[read.placeholder] = { type: "messages", ...(read.optional ? { required: false } : {}) };
    } else {
      body.messages.push({ role: read.role, content: read.text });
    }
    languages.push("language" in read ? read.language : nothing);
  }
  return { body, language: (text, at) => (languages[at] ?? nothing)(text, at), placeholders };
}

const nothing: Templated["language"] = (text) => ({ text, conditions: [], changed: false });
