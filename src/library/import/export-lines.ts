/** The lines of an export, read: the protected labels, then prompts with all their versions; or what is wrong with them. */
import {
  type ExportedVersion,
  exportEnd,
  exportedPrompt,
  exportedProtection,
  exportedVersion,
  exportStart,
} from "../../contract/export.ts";
import type { Protection, Whole } from "./export-put-back.ts";
import type { Line } from "./json-lines.ts";

export interface Fault {
  line: number;
  /** Of the prompt that it costs. */
  name: string | null;
  reason: string;
}
export type Read = Protection | Whole | Fault;

/** What cannot be read costs the prompt it belongs to. */
export async function* readExport(lines: AsyncGenerator<Line, void, undefined>): AsyncGenerator<Read> {
  const first = await lines.next();
  if (first.done || !exportStart.safeParse(first.value.value).success) {
    yield { line: 1, name: null, reason: "the file is no export of Prompt Library, or of a newer one" };
    return;
  }
  const seen = { prompts: 0, versions: 0 };
  let protection = false;
  let current: Whole | null = null;
  let broken = false;
  for await (const { line, value, fault } of lines) {
    const fields = value ?? {};
    if (!protection) {
      protection = true;
      yield readProtection(line, fields, fault);
      broken = fault !== null;
      if (broken || "protectedLabels" in fields) continue;
    }
    const version: ExportedVersion | null = "version" in fields ? readVersion(fields.version) : null;
    if (current && version) {
      current.versions.push(version);
      seen.versions += 1;
      if (current.versions.length < current.prompt.versions) continue;
      yield current;
      current = null;
      continue;
    }
    if (current) {
      yield { line, name: current.prompt.name, reason: fault ?? "the line is not the version that should be here" };
      current = null;
      broken = true;
    }
    const prompt = "prompt" in fields ? exportedPrompt.safeParse(fields.prompt) : null;
    if (prompt?.success) {
      current = { line, prompt: prompt.data, versions: [] };
      seen.prompts += 1;
      broken = false;
      continue;
    }
    const end = "end" in fields ? exportEnd.safeParse(fields.end) : null;
    if (end?.success) {
      if (end.data.prompts === seen.prompts && end.data.versions === seen.versions) return;
      yield { line, name: null, reason: "the export is not whole: it had more prompts or versions when it was made" };
      return;
    }
    // The other versions of a prompt that is rejected already.
    if (version && broken) continue;
    yield { line, name: null, reason: fault ?? faultOf(prompt, fields) };
    broken = true;
  }
  if (current) yield { line: current.line, name: current.prompt.name, reason: "the file ends in the middle of it" };
  yield { line: 1, name: null, reason: "the export is cut off: its last line is missing" };
}

function readProtection(line: number, fields: object, fault: string | null): Read {
  const labels = exportedProtection.safeParse(fields);
  if (labels.success) return { line, ...labels.data };
  const reason = fault ?? "the protected labels are missing here, or are not as an export has them";
  return { line, name: null, reason };
}

function readVersion(value: unknown): ExportedVersion | null {
  const version = exportedVersion.safeParse(value);
  return version.success ? version.data : null;
}

function faultOf(prompt: ReturnType<typeof exportedPrompt.safeParse> | null, fields: object): string {
  const issue = prompt?.error?.issues[0];
  if (issue) return `the prompt is not as an export has it: ${issue.path.join(".")}: ${issue.message}`;
  if ("version" in fields) return "the version is not as an export has it, or has no prompt before it";
  return "the line is none of an export";
}
