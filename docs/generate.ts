/**
 * Writes the pages that are printed from tables in the code: `bin/dev docs`.
 * test/documentation.test.ts compares them, so that neither changes without the other.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { clientSettings, type Setting, settings } from "../src/base/settings.ts";
import { errorTable } from "../src/contract/errors.ts";

const root = new URL("../", import.meta.url);

/** Path from the root of the repository → what must be in it. */
export const pages: Readonly<Record<string, () => string>> = {
  "docs/errors.md": errorsPage,
  "docs/configuration.md": configurationPage,
  ".env.example": envExample,
};

const printed = "<!-- Printed from the code by `bin/dev docs`; change it there. -->";

function errorsPage(): string {
  const rows = Object.entries(errorTable).map(([code, { message, hint, status, exit }]) =>
    row(`\`${code}\``, message, hint, String(status), String(exit)),
  );
  return `${printed}

# Errors

Every error has a code, a sentence, a hint, an HTTP status and an exit code. An answer of the server:

\`\`\`json
{ "error": { "code": "prompt_not_found", "message": "There is no prompt named \\"greeting\\".", "hint": "List the names there are with: promptlib list" } }
\`\`\`

\`details\` is there where there is more to say: every fault of a request, the versions that came between. Codes,
statuses and exit codes stay what they are; sentences may become better. An error that is thrown may say its sentence
more exactly than this table.

On the command line the sentence and the hint go to standard error. With \`--json\` the same JSON goes to standard
output. Status 200, 499 and those of errors at the start are never sent over HTTP: such errors only end a command.

| code | what it means | what to do | HTTP | exit |
|---|---|---|---|---|
${rows.join("\n")}

## Exit codes

| exit | errors |
|---|---|
${exitCodes().join("\n")}
`;
}

function exitCodes(): string[] {
  const byExit = Map.groupBy(Object.entries(errorTable), ([, { exit }]) => exit);
  const rows = [...byExit]
    .sort(([a], [b]) => a - b)
    .map(([exit, errors]) => row(String(exit), errors.map(([code]) => `\`${code}\``).join(", ")));
  return [row("0", "it worked"), ...rows];
}

function configurationPage(): string {
  return `${printed}

# Configuration

Settings are read from the environment, and from a file \`.env\` in the directory where \`promptlib\` is started
([.env.example](../.env.example) lists them all). None is needed: without any, everything lives in \`./promptlib-home\`.

- An empty value counts as not set.
- A setting marked *secret* may also be given as \`NAME_FILE\`: a file that holds the value.
- All faults are told at once, with exit code 2, and nothing is started. Values of secrets are never printed.
- What is in force on a running server, and where each value comes from, is told to operators: the page
  [settings](pages.md), or \`GET /api/settings\`. Of a secret it says only whether it is given.
${groups()
  .map(
    ([group, members]) =>
      `\n## ${group}\n\n| setting | default | what it is for |\n|---|---|---|\n${members.map(settingRow).join("\n")}\n`,
  )
  .join("")}`;
}

function settingRow(setting: Setting): string {
  const about = setting.secret ? `${setting.about} *Secret.*` : setting.about;
  return row(`\`${setting.name}\``, setting.default === null ? "" : `\`${setting.default}\``, about);
}

function envExample(): string {
  const parts = groups().map(([group, members]) => {
    const lines = members.map(({ name, default: preset, about, secret }) => {
      const words = secret ? `${about} Secret: or ${name}_FILE=/path/to/it` : about;
      return `${wrapped(words)}\n#${name}=${preset ?? ""}`;
    });
    return `# --- ${group} ---\n\n${lines.join("\n\n")}\n`;
  });
  return `# Printed from the code by \`bin/dev docs\`. Copy to .env and uncomment what you change; see docs/configuration.md.\n\n${parts.join("\n")}`;
}

function groups(): [string, Setting[]][] {
  const all: readonly Setting[] = [...settings, ...clientSettings];
  return [...Map.groupBy(all, ({ group }) => group)];
}

/** As comment lines of at most 100 characters. */
function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length > 97) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.map((line) => `# ${line}`).join("\n");
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, page] of Object.entries(pages)) await writeFile(new URL(path, root), page());
}
