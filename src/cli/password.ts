/** Where a password comes from: typed without echo, read from standard input, or made. */
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { PromptlibError } from "../sdk/index.ts";
import { usage } from "./verb.ts";

export interface ChosenPassword {
  password: string;
  /** Nobody has seen it yet, so it has to be shown. */
  made: boolean;
}

/** On a terminal it is asked for, twice; an empty answer, or no terminal, has one made. */
export async function choosePassword(fromInput: boolean): Promise<ChosenPassword> {
  if (fromInput) return { password: (await text(process.stdin)).replace(/\r?\n$/, ""), made: false };
  if (!process.stdin.isTTY || !process.stderr.isTTY) return { password: makePassword(), made: true };
  const password = await ask("Password (empty: one is made): ");
  if (password === "") return { password: makePassword(), made: true };
  if ((await ask("Once more: ")) !== password) throw usage("The two passwords differ; nothing was changed.");
  return { password, made: false };
}

/** 120 bits of chance in 20 characters. */
function makePassword(): string {
  return randomBytes(15).toString("base64url");
}

/** One line of a terminal, without echo. */
export async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  // readline does the editing and echoes into nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      // Ctrl-C and Ctrl-D.
      lines.once("close", () => reject(new PromptlibError("interrupted", { message: "Nothing was changed." })));
      lines.once("SIGINT", () => lines.close());
    });
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}
