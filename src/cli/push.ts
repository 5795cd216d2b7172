/** promptlib push: a file, or what comes in, becomes a prompt's next version. */
import type { Command } from "commander";
import { type Client, PromptlibError, type SavedPrompt, type SavePrompt } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { parseJson, readText } from "./input.ts";
import { print, printJson } from "./output.ts";
import { mirroredIn } from "./push-mirrored.ts";
import { collect, examples, jsonOption, projectOption, usage, wholeNumber } from "./verb.ts";

interface PushOptions {
  chat?: true;
  label?: string[];
  tag?: string[];
  description?: string;
  message?: string;
  template?: string;
  base?: number;
  new?: true;
  config?: string;
  project?: string;
  json?: true;
}

export function registerPush(program: Command): void {
  const command = program
    .command("push <name> [file]")
    .summary("save a prompt or its next version")
    .description(
      "Save a prompt, or its next version, from a file or from what comes in (-, or no file). What no option says stays as it is in the newest version: variables, configuration, template, tags, description. Of a file of the mirror (recovery/beyond of the home, after a restore) the newest version is saved, with all of that, in its own project.",
    )
    .option("--chat", 'a chat prompt: a JSON list of {"role", "content"}')
    .option("--label <label>", "put this label on the saved version; may be repeated", collect)
    .option("--tag <tag>", "the prompt's tags from now on; may be repeated", collect)
    .option("--description <text>", "what the prompt is for")
    .option("-m, --message <text>", "why this version is made")
    .option("--template <syntax>", "none: braces stay as they are; mustache for a new prompt")
    .option("--base <version>", "refuse when this is not the newest version any more", wholeNumber)
    .option("--new", "refuse when there is a prompt of this name")
    .option("--config <json>", 'settings kept with the version, like {"temperature": 0.2}')
    .action(push);
  projectOption(jsonOption(command));
  examples(
    command,
    "echo 'Hello {{name}}!' | promptlib push greeting",
    'promptlib push mail/welcome welcome.txt --label staging -m "Shorter"',
    "promptlib push support/triage triage.json --chat",
    "promptlib push mail/welcome promptlib-home/recovery/beyond/2026-11-25T090029.123Z/default/mail/welcome.json",
  );
}

async function push(name: string, file: string | undefined, options: PushOptions): Promise<void> {
  const settings = saveSettings(options);
  const text = await readText(file ?? "-", "Type the prompt");
  const mirrored = mirroredIn(text, { name, file: file ?? "What came in" });
  const content = mirrored?.save ?? (options.chat ? { messages: parseMessages(text) } : { text });
  const project = options.project ?? mirrored?.project;
  const { client } = await connect({ project });
  const saved = await client.savePrompt({ name, ...(await newestSettings(client, name)), ...content, ...settings });
  if (options.json) return printJson(saved);
  print(savedText(saved));
}

/**
 * What the newest version has besides its text, and the next one keeps unless an option says otherwise: a text that
 * was printed by `get`, edited and pushed loses nothing. Nothing for a new prompt.
 */
async function newestSettings(client: Client, name: string): Promise<Partial<SavePrompt>> {
  try {
    const { prompt, renamedTo } = await client.fetchPrompt(name);
    if (renamedTo !== null) throw calledOtherwise(name, renamedTo);
    const { variables, config, template } = prompt;
    return { variables, config, template };
  } catch (error) {
    if (error instanceof PromptlibError && error.code === "prompt_not_found") return {};
    throw error;
  }
}

/** Applications still fetch it by the old name: a new prompt of that name would be what they get from now on. */
function calledOtherwise(name: string, now: string): PromptlibError {
  return new PromptlibError("already_exists", {
    message: `“${name}” is a former name of “${now}”, which still answers under it.`,
    hint: "Push to the present name; or, for a new prompt, remove the former one first: promptlib alias NAME --remove",
  });
}

/** What the options say, checked before anything is read or sent. */
export function saveSettings(options: PushOptions): Omit<SavePrompt, "name" | "text" | "messages"> {
  const { label, tag, description, message, template, base, new: mustBeNew, config } = options;
  if (template !== undefined && template !== "none" && template !== "mustache") {
    throw usage("--template is none or mustache.");
  }
  if (base !== undefined && mustBeNew) throw usage("Give either --base or --new.");
  return {
    ...(label === undefined ? {} : { labels: label }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(description === undefined ? {} : { description }),
    ...(message === undefined ? {} : { message }),
    ...(template === undefined ? {} : { template }),
    ...(base === undefined ? {} : { baseVersion: base }),
    ...(mustBeNew ? { baseVersion: 0 } : {}),
    ...(config === undefined ? {} : { config: parseConfig(config) }),
  };
}

export function savedText({ name, version, created }: Pick<SavedPrompt, "name" | "version" | "created">): string {
  return created ? `${name}: saved version ${version}` : `${name}: nothing changed, still version ${version}`;
}

function parseMessages(text: string): NonNullable<SavePrompt["messages"]> {
  const value = parseJson(text, "The messages are");
  if (!Array.isArray(value)) throw usage('A chat is a JSON list: [{"role": "user", "content": "…"}].');
  // What is in the list is checked by the server, which says what is wrong where.
  return value;
}

function parseConfig(text: string): NonNullable<SavePrompt["config"]> {
  const value = parseJson(text, "--config is");
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw usage('--config is a JSON object, like {"temperature": 0.2}.');
  }
  // Everything that JSON can hold may be in it.
  return value as NonNullable<SavePrompt["config"]>;
}
