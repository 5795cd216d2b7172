/** What many verbs have in common: options, examples, numbers and text from outside. */
import { type Command, InvalidArgumentError } from "commander";
import { isErrno } from "../base/files.ts";
import { PromptlibError } from "../sdk/index.ts";

export function jsonOption(command: Command): Command {
  return command.option("--json", "print one JSON value on standard output, nothing else");
}

export function projectOption(command: Command): Command {
  return command.option("--project <name>", "the project to work in (PROMPTLIB_PROJECT, or the one of the API key)");
}

export function examples(command: Command, ...lines: string[]): Command {
  const text = lines.map((line) => `  ${line}`).join("\n");
  return command.addHelpText("after", `\n${lines.length === 1 ? "Example" : "Examples"}:\n${text}\n`);
}

/** For options that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

export function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError("It must be a whole number, 1 or more.");
  return Number(value);
}

export function usage(message: string, hint?: string): PromptlibError {
  return new PromptlibError("usage", { message, ...(hint === undefined ? {} : { hint }) });
}

/** For a file that cannot be opened or read; everything that is no error of the system is passed on. */
export function unreadable(path: string, error: unknown): unknown {
  if (!isErrno(error, "ENOENT", "EACCES", "EPERM", "EISDIR", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "EIO")) return error;
  return new PromptlibError("file_not_found", { message: `${path} could not be read (${error.code}).`, cause: error });
}
