/**
 * A few-shot prompt of LangChain becomes one template, as LangChain itself makes it before it fills in what is asked:
 * the beginning, each example put into the template of the examples, the end.
 */
import { CONTENT_LIMIT, type Json } from "../../contract/shapes.ts";
import { readFString } from "./f-string.ts";
import { type Fields, isRecord } from "./fields.ts";

type Fault = { fault: string };

/** Answers the fields of an ordinary prompt. */
export function fewShotPrompt(fields: Fields): Fields | Fault {
  const { examples, example_prompt, prefix, suffix, example_separator, example_selector, template_format } = fields;
  const elsewhere = ["examples", "example_prompt_path", "prefix_path", "suffix_path"].find(
    (name) => typeof fields[name] === "string",
  );
  if (elsewhere !== undefined) return { fault: `of its parts one is in another file, ${String(fields[elsewhere])}` };
  if (isRecord(example_selector)) return { fault: "chooses its examples by a program" };
  if (!Array.isArray(examples)) return { fault: "has no list of examples" };
  const template = exampleTemplate(example_prompt);
  if (typeof template !== "string") return template;
  const shown = showExamples(template, examples);
  if (!Array.isArray(shown)) return shown;
  const separator = textOr(example_separator, "\n\n");
  const pieces = [textOr(prefix, ""), ...shown, textOr(suffix, "")];
  return { template: pieces.filter((piece) => piece !== "").join(separator), template_format: template_format ?? null };
}

function textOr(value: Json | undefined, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

function exampleTemplate(value: Json | undefined): string | Fault {
  const fields = isRecord(value) && isRecord(value.kwargs) ? value.kwargs : value;
  if (!isRecord(fields) || typeof fields.template !== "string") return { fault: "has no template for its examples" };
  const { template, template_format = "f-string" } = fields;
  return template_format === "f-string" || template_format === null
    ? template
    : {
        fault: `has examples in the template_format ${JSON.stringify(template_format)}, which cannot be filled in here`,
      };
}

function showExamples(template: string, examples: readonly Json[]): string[] | Fault {
  const read = readFString(template);
  if ("fault" in read) return { fault: `has examples that cannot be filled in here: ${read.fault}` };
  const shown: string[] = [];
  let size = 0;
  for (const [at, example] of examples.entries()) {
    let text = "";
    for (const piece of read.pieces) {
      const more = piece.kind === "text" ? piece.text : piece.kind === "print" ? valueIn(example, piece.name) : null;
      if (more === null) return { fault: `has no text for everything in example ${at + 1}` };
      text += more;
      // A template is put in once for each example: that may be more than anybody sent.
      if (size + text.length > CONTENT_LIMIT)
        return { fault: `is longer than ${CONTENT_LIMIT} bytes with its examples` };
    }
    size += text.length;
    shown.push(text);
  }
  return shown;
}

/** As Python prints it; what it prints in its own way (True, lists) is no text. */
function valueIn(example: Json, name: string): string | null {
  const value = isRecord(example) && Object.hasOwn(example, name) ? example[name] : null;
  if (typeof value === "string") return value;
  return Number.isSafeInteger(value) ? String(value) : null;
}
