/** promptlib render: a prompt with values put in, as an application gets it. */
import type { Command } from "commander";
import type { Json, RenderedPrompt, RenderRequest } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { faultInText } from "./details.ts";
import { parseJson, readText } from "./input.ts";
import { note, onOneLine, onTerminal, printJson } from "./output.ts";
import { collect, examples, jsonOption, projectOption, usage, wholeNumber } from "./verb.ts";

interface RenderOptions {
  var?: string[];
  vars?: string;
  label?: string;
  version?: number;
  format?: string;
  project?: string;
  json?: true;
}

export function registerRender(program: Command): void {
  const command = program
    .command("render <name>")
    .summary("print a prompt with values put in")
    .description(
      "Print a prompt with values put into its variables, and with what it includes: a text as it is, a chat as messages in JSON. What is strange but can be rendered, such as a value that nothing uses, is told on standard error.",
    )
    .option("--var <name=value>", "the value of a variable, as text; may be repeated", collect)
    .option("--vars <file>", "values from a JSON object in a file (-: what comes in); --var goes before it")
    .option("--label <label>", "the version that has this label; latest when left out")
    .option("--version <n>", "this version", wholeNumber)
    .option("--format <format>", "text, openai or anthropic; text for a text prompt, openai for a chat when left out")
    .action(render);
  projectOption(jsonOption(command));
  examples(
    command,
    "promptlib render greeting --var name=Ada",
    "promptlib render support/triage --label production --vars values.json --format anthropic",
    `echo '{"history": [{"role": "user", "content": "Hi"}]}' | promptlib render support/triage --vars -`,
  );
}

async function render(name: string, options: RenderOptions): Promise<void> {
  const request = renderRequest(options, options.vars === undefined ? null : await readText(options.vars, "Type JSON"));
  const { project, json } = options;
  const { client } = await connect({ project });
  const { rendered, servedFrom } = await client.renderPrompt(name, request);
  if (servedFrom === "mirror") note("The database is away: this is the last state that the server knew.");
  for (const warning of rendered.warnings) note(onOneLine(`Warning: ${faultInText(warning) ?? warning.message}`));
  if (json) return printJson(rendered);
  process.stdout.write(outputText(rendered, process.stdout.isTTY === true));
}

/** What the options say, checked before anything is sent. `file` is the text of the file of --vars. */
export function renderRequest(options: RenderOptions, file: string | null): RenderRequest {
  const { label, version, format, var: pairs = [] } = options;
  if (label !== undefined && version !== undefined) throw usage("Either --label or --version can be given.");
  if (format !== undefined && format !== "text" && format !== "openai" && format !== "anthropic") {
    throw usage("--format is text, openai or anthropic.");
  }
  return {
    values: { ...(file === null ? {} : fileValues(file)), ...Object.fromEntries(pairs.map(pairOf)) },
    ...(label === undefined ? {} : { label }),
    ...(version === undefined ? {} : { version }),
    ...(format === undefined ? {} : { format }),
  };
}

function fileValues(text: string): Record<string, Json> {
  const values = parseJson(text, "--vars is");
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw usage('--vars is a JSON object, like {"name": "Ada"}.');
  }
  // Everything that JSON can hold may be a value.
  return values as Record<string, Json>;
}

function pairOf(pair: string): [string, string] {
  const equals = pair.indexOf("=");
  if (equals < 1) throw usage(`--var ${pair} is not NAME=VALUE.`);
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

/** A text to the byte, messages as JSON; a terminal gets the line end that a text lacks, and no control characters. */
export function outputText({ output }: Pick<RenderedPrompt, "output">, terminal: boolean): string {
  const text = typeof output === "string" ? output : `${JSON.stringify(output, null, 2)}\n`;
  if (!terminal) return text;
  const shown = onTerminal(text);
  return shown.endsWith("\n") ? shown : `${shown}\n`;
}
