/** Text and JSON that verbs take in: from a file, from standard input, from an option. */
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { PromptlibError } from "../sdk/index.ts";
import { note } from "./output.ts";
import { unreadable, usage } from "./verb.ts";

/** A file as text, or what comes in (`-`); `prompt` is said to who sits at a terminal. Errors: `file_not_found`, `invalid_request`. */
export async function readText(file: string, prompt: string): Promise<string> {
  const bytes = file === "-" ? await readInput(prompt) : await readNamed(file);
  try {
    // A byte-order mark is an editor's, not the prompt's: it is dropped.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new PromptlibError("invalid_request", {
      message: `${file === "-" ? "What came in" : file} is not valid UTF-8, so it is no text that could be stored.`,
      hint: "Convert it, for example with: iconv -f latin1 -t utf-8",
      cause: error,
    });
  }
}

async function readInput(prompt: string): Promise<Uint8Array> {
  if (process.stdin.isTTY) note(`${prompt}; Ctrl-D at the beginning of a line ends it.`);
  return await buffer(process.stdin);
}

async function readNamed(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** `what` begins the sentence of the error: "--config is". Errors: `usage`. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usage(`${what} not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
