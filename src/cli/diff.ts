/** promptlib diff: what differs between two versions, as a terminal shows it. */
import type { Command } from "commander";
import type { DiffHunk, MessageDiff, TextDiff, ValueDiff, VersionDiff } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { localTime, note, onOneLine, print, printJson } from "./output.ts";
import { type Styled, styledFor } from "./paint.ts";
import { examples, jsonOption, projectOption } from "./verb.ts";

interface DiffOptions {
  project?: string;
  json?: true;
}

export function registerDiff(program: Command): void {
  const command = program
    .command("diff <name> [from] [to]")
    .summary("show what differs between two versions")
    .description(
      "Show what differs between two versions of a prompt: text or messages, variables, configuration. A number is a version, anything else a label. Left out: what the newest version changed.",
    )
    .action(diff);
  projectOption(jsonOption(command));
  examples(command, "promptlib diff greeting", "promptlib diff mail/welcome production latest --json");
}

async function diff(
  name: string,
  from: string | undefined,
  to: string | undefined,
  { project, json }: DiffOptions,
): Promise<void> {
  const { client } = await connect({ project });
  const sides = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const { diff: found, servedFrom } = await client.diffVersions(name, sides);
  if (servedFrom === "mirror") note("The database is away: this is the last state that the server knew.");
  if (json) return printJson(found);
  for (const line of diffLines(found, styledFor(process.stdout, process.env))) print(line);
  if (found.same) note(sameText(found));
}

function sameText({ name, from, to }: VersionDiff): string {
  if (from.version === to.version) return `${name} has one version to compare, ${to.version}, with itself.`;
  return `Versions ${from.version} and ${to.version} of ${name} say the same.`;
}

export function diffLines(diff: VersionDiff, styled: Styled): string[] {
  if (diff.same) return [];
  const { from, to, text, messages, variables, config, template } = diff;
  return [
    styled("strong", `--- ${sideText(diff.name, from)}`),
    styled("strong", `+++ ${sideText(diff.name, to)}`),
    ...(text ? textLines(text, styled) : []),
    ...(messages ?? []).flatMap((message) => messageLines(message, styled)),
    ...valueLines("variables", variables, styled),
    ...valueLines("config", config, styled),
    ...(template ? valueLines("template", [{ path: [], kind: "changed", ...template }], styled) : []),
  ];
}

function sideText(name: string, { version, labels, author, createdAt, message }: VersionDiff["from"]): string {
  const which = [`version ${version}`, ...labels].join(", ");
  return onOneLine(`${name}  ${which}  ${localTime(createdAt)}  ${author}${message === "" ? "" : `  ${message}`}`);
}

function textLines({ hunks, coarse }: TextDiff, styled: Styled): string[] {
  const lines = hunks.flatMap((hunk) => hunkLines(hunk, styled));
  return coarse ? [styled("faint", "(too much differs: one block against another)"), ...lines] : lines;
}

const SIGNS = { same: " ", added: "+", removed: "-" } as const;

function hunkLines({ fromLine, toLine, parts }: DiffHunk, styled: Styled): string[] {
  return [
    styled("faint", `@@ line ${fromLine} → ${toLine} @@`),
    ...parts.flatMap(({ kind, lines }) => lines.flatMap((line) => lineLines(SIGNS[kind], kind, line, styled))),
  ];
}

function lineLines(sign: string, kind: keyof typeof SIGNS, line: string, styled: Styled): string[] {
  const content = line.replace(/\n$/, "");
  const shown = `${sign}${onOneLine(kind === "same" ? content : visible(content))}`;
  const painted = kind === "same" ? shown : styled(kind, shown);
  return line.endsWith("\n") ? [painted] : [painted, styled("faint", "\\ no line end")];
}

/** A tab against a blank, or a line end against that of another system, may be all that differs. */
function visible(content: string): string {
  return content.replaceAll("\t", "→   ").replaceAll("\r", "␍");
}

function messageLines({ kind, from, to, role, fromRole, content }: MessageDiff, styled: Styled): string[] {
  if (kind === "same") return [];
  const place = kind === "removed" ? `message ${(from ?? 0) + 1}` : `message ${(to ?? 0) + 1}`;
  const moved = kind === "changed" && from !== to ? ` (was message ${(from ?? 0) + 1})` : "";
  const roles = fromRole === undefined ? role : `${fromRole} → ${role}`;
  const style = kind === "changed" ? "strong" : kind;
  return [
    styled(style, onOneLine(`${place}, ${roles}: ${kind}${moved}`)),
    ...(content ? textLines(content, styled) : []),
  ];
}

function valueLines(what: string, diffs: readonly ValueDiff[], styled: Styled): string[] {
  return diffs.flatMap(({ path, kind, from, to }) => {
    const place = onOneLine([what, ...path].join("."));
    return [
      ...(kind === "added" ? [] : [styled("removed", `-${place}: ${JSON.stringify(from)}`)]),
      ...(kind === "removed" ? [] : [styled("added", `+${place}: ${JSON.stringify(to)}`)]),
    ];
  });
}
