/** What verbs print: results on standard output, everything else on standard error. */
import { stripVTControlCharacters } from "node:util";

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The one value of `--json`. Fields are added over time, never renamed. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** A remark that is no part of the result. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Text from the library on one line of a terminal: what would move the cursor or colour the screen is taken out. */
export function onOneLine(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, " ");
}

/** The same for text of several lines: their ends and tabs stay. */
export function onTerminal(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[^\P{Cc}\n\t]/gu, "");
}

/** 2026-11-23 09:05 in the local time zone. */
export function localTime(instant: string | null): string {
  if (instant === null) return "";
  const at = new Date(instant);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** To the millisecond, as `--at` takes it: a time that was told includes what happened then. */
export function exactTime(instant: string): string {
  return `${localTime(instant)}:${instant.slice(17, 23)}`;
}

/** 1,528 */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** 1 prompt, 1,528 prompts */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
