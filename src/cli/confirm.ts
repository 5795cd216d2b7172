/** Asking before something is done that cannot be taken back. */
import { createInterface } from "node:readline/promises";
import { PromptlibError } from "../sdk/index.ts";
import { usage } from "./verb.ts";

/** Throws unless who sits at the terminal says yes. Errors: `usage` where nobody can be asked, `interrupted`. */
export async function confirmed(question: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw usage("Nobody can be asked here: say --yes to do it.");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const stop = new AbortController();
  lines.once("SIGINT", () => stop.abort());
  lines.once("close", () => stop.abort());
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: stop.signal });
    if (/^y(es)?$/i.test(answer.trim())) return;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    lines.close();
  }
  throw new PromptlibError("interrupted", {
    message: "Nothing was changed.",
    hint: "Answer y to do it, or say --yes.",
  });
}
