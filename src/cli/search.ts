/** promptlib search: the prompts in which something is found, best first, each with the piece that shows why. */
import type { Command } from "commander";
import {
  type Client,
  collectPages,
  type FoundPrompt,
  type PromptFilter,
  type PromptPage,
  type SearchIn,
  type SearchMatch,
} from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { count, counted, note, onOneLine, print, printJson } from "./output.ts";
import { type Styled, styledFor } from "./paint.ts";
import { examples, jsonOption, projectOption, usage, wholeNumber } from "./verb.ts";

interface SearchOptions {
  in?: string;
  tag?: string;
  label?: string;
  folder?: string;
  type?: string;
  limit?: number;
  project?: string;
  json?: true;
}

const places: readonly SearchIn[] = ["all", "names", "versions"];
const DEFAULT_LIMIT = 20;

export function registerSearch(program: Command): void {
  const command = program
    .command("search <words...>")
    .summary("find prompts by what they say or are called")
    .description(
      'Find prompts by their names, tags, descriptions, and what their newest and labelled versions say. All words must be there, their beginnings are enough; "a phrase" within quotes of its own, and what must not be there after -- with a - before it. A misspelt word is corrected.',
    )
    .option("--in <place>", "names: without what versions say; versions: in every version, slower; all when left out")
    .option("--tag <tag>", "only prompts with this tag")
    .option("--label <label>", "only prompts that have this label, in the version it is on")
    .option("--folder <folder>", "only prompts below this folder, at any depth")
    .option("--type <type>", "only text or chat prompts")
    .option("--limit <n>", `at most so many; ${DEFAULT_LIMIT} when left out`, wholeNumber)
    .action(search);
  projectOption(jsonOption(command));
  examples(
    command,
    "promptlib search refund policy",
    "promptlib search '\"step by step\"' --label production",
    "promptlib search -- translate -french",
  );
}

async function search(words: string[], options: SearchOptions): Promise<void> {
  const { in: where, type, limit, project, json, ...filter } = options;
  const query: PromptFilter = { ...filter, search: words.join(" "), ...narrowed(where, type) };
  const { client } = await connect({ project });
  const page = await collect(client, query, limit ?? DEFAULT_LIMIT);
  const { servedFrom, ...answer } = page;
  if (servedFrom === "mirror") note("The database is away: this is the last state that the server knew.");
  if (json) return printJson(answer);
  for (const { word, taken } of page.corrected ?? []) {
    note(`Nothing holds “${onOneLine(word)}”; looked for ${taken.map((one) => `“${onOneLine(one)}”`).join(" or ")}.`);
  }
  if (page.items.length === 0) return note("Nothing was found.");
  const styled = styledFor(process.stdout, process.env);
  for (const item of page.items) for (const line of foundLines(item, styled)) print(line);
  if (page.nextCursor !== null) note(moreText(page, where));
}

function narrowed(where: string | undefined, type: string | undefined): Pick<PromptFilter, "in" | "type"> {
  if (where !== undefined && !isPlace(where)) throw usage(`--in is one of ${places.join(", ")}.`);
  if (type !== undefined && type !== "text" && type !== "chat") throw usage("--type is text or chat.");
  return { ...(where === undefined ? {} : { in: where }), ...(type === undefined ? {} : { type }) };
}

function isPlace(where: string): where is SearchIn {
  return places.some((place) => place === where);
}

function collect(client: Client, query: PromptFilter, most: number): Promise<PromptPage> {
  return collectPages<FoundPrompt, PromptPage>((place) => client.listPrompts({ ...query, ...place }), most);
}

function moreText({ items, total, totalIsExact }: PromptPage, where: string | undefined): string {
  if (where === "versions") return `The first ${count(items.length)}; --limit shows more.`;
  return `${count(items.length)} of ${totalIsExact ? "" : "more than "}${counted(total, "prompt")}; --limit shows more.`;
}

/** Name and version, and indented below them the piece that was found. */
export function foundLines({ name, newest, match }: FoundPrompt, styled: Styled): string[] {
  if (!match) return [onOneLine(name)];
  const { version, labels, nameMarks, snippet } = match;
  const others = labels.filter((label) => label !== "latest");
  const which = version === newest ? "" : `, version ${version}`;
  const where = others.length > 0 ? ` (${others.join(", ")})` : "";
  return [
    `${marked(name, nameMarks, styled)}${styled("faint", `${which}${where}`)}`,
    ...(snippet ? [`    ${marked(snippet.text, snippet.marks, styled)}`] : []),
  ];
}

/** In pieces, since what is taken out of each would move the marks. */
function marked(text: string, marks: SearchMatch["nameMarks"], styled: Styled): string {
  let end = 0;
  let line = "";
  for (const [from, to] of marks) {
    line += onOneLine(text.slice(end, from)) + styled("strong", onOneLine(text.slice(from, to)));
    end = to;
  }
  return line + onOneLine(text.slice(end));
}
