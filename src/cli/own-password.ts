/** promptlib password: a person's own, with the present one; nobody else's right is needed for it. */
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { createClient } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { note, print, printJson } from "./output.ts";
import { ask, type ChosenPassword, choosePassword } from "./password.ts";
import { examples, jsonOption, usage } from "./verb.ts";

interface PasswordOptions {
  passwordsStdin?: true;
  json?: true;
}

export function registerPassword(program: Command): void {
  const password = program
    .command("password <username>")
    .summary("change your own password")
    .description("Change your own password: the present one is asked for. It ends all your sessions.")
    .option("--passwords-stdin", "read the present and the new password from standard input, a line each")
    .action(changePassword);
  examples(jsonOption(password), "promptlib password eva", "promptlib password eva --passwords-stdin < two-lines");
}

async function changePassword(username: string, options: PasswordOptions): Promise<void> {
  const { url } = await connect();
  const { current, chosen } = await passwords(options.passwordsStdin === true);
  const { token } = await createClient({ url }).login(username, current);
  const person = createClient({ url, token });
  try {
    await person.changePassword(current, chosen.password);
  } finally {
    // Signed in for this alone. Where that cannot be told, it ends by itself, and the password is what counts.
    await person.logout().catch(() => {});
  }
  if (options.json) return printJson({ username, ...(chosen.made ? { password: chosen.password } : {}) });
  if (!chosen.made) return print("Your password was changed; sign in with it from now on.");
  note("Your password was changed. The new one is shown this once:");
  print(chosen.password);
}

async function passwords(fromInput: boolean): Promise<{ current: string; chosen: ChosenPassword }> {
  if (fromInput) return twoLines(await text(process.stdin));
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw usage("There is no terminal to ask for passwords on.", "Give both with --passwords-stdin, a line each.");
  }
  return { current: await ask("Present password: "), chosen: await choosePassword(false) };
}

export function twoLines(input: string): { current: string; chosen: ChosenPassword } {
  const [current, password, ...more] = input.replace(/\r?\n$/, "").split(/\r?\n/);
  if (!current || !password || more.length > 0) {
    throw usage("Standard input must hold two lines: the present password and the new one.");
  }
  return { current, chosen: { password, made: false } };
}
