/** promptlib user reset: a made-up password for who has forgotten the own one. */
import type { Command } from "commander";
import { connect } from "./connect.ts";
import { note, print, printJson } from "./output.ts";
import { examples, jsonOption } from "./verb.ts";

export function registerReset(user: Command): void {
  const reset = user
    .command("reset <name>")
    .description("Give a user a made-up password and print it, this once; it ends the user's sessions.")
    .action(resetPassword);
  examples(jsonOption(reset), "promptlib user reset eva");
}

async function resetPassword(username: string, { json }: { json?: true }): Promise<void> {
  const reset = await (await connect()).client.resetPassword(username);
  if (json) return printJson(reset);
  note(`${username} has a new password and is signed out everywhere. The password is shown this once:`);
  print(reset.password);
  if (reset.disabled) note(`${username} is disabled: signing in needs promptlib user enable ${username} as well.`);
}
