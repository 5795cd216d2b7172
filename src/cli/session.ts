/** promptlib session: where users are signed in, and ending it. */
import type { Command } from "commander";
import type { Session } from "../sdk/index.ts";
import { connect } from "./connect.ts";
import { localTime, note, print, printJson } from "./output.ts";
import { type Column, printTable } from "./table.ts";
import { examples, jsonOption, usage } from "./verb.ts";

interface SessionOptions {
  user?: string;
  json?: true;
}

export function registerSession(program: Command): void {
  const session = program
    .command("session")
    .summary("list where users are signed in, and end sessions")
    .description("List where users are signed in, and end sessions.");
  const list = session.command("list").description("List the sessions of a user that have not ended.").action(listThem);
  examples(userOption(jsonOption(list)), "promptlib session list --user eva");
  const end = session
    .command("end [id]")
    .description("End one session of a user, or all of them.")
    .option("--all", "every session of the user")
    .action(endThem);
  examples(
    userOption(jsonOption(end)),
    "promptlib session end 8c6ec1a4-61a5-4ddb-bdfd-0e1ff4e23b4f --user eva",
    "promptlib session end --all --user eva",
  );
}

function userOption(command: Command): Command {
  return command.option("--user <name>", "whose sessions; left out: of the login whose token PROMPTLIB_API_KEY holds");
}

/** Whoever runs this on the server's machine is no person with sessions. */
async function clientOf({ user }: SessionOptions) {
  const { client, home } = await connect();
  if (home !== null && user === undefined) throw usage("Whose sessions? Name the user with --user NAME.");
  return client;
}

async function listThem(options: SessionOptions): Promise<void> {
  const client = await clientOf(options);
  const sessions = await (options.user === undefined ? client.listSessions() : client.listUserSessions(options.user));
  if (options.json) return printJson(sessions);
  if (sessions.items.length === 0) return note(`${options.user ?? "You"}: signed in nowhere.`);
  printTable(columns, sessions.items);
}

async function endThem(id: string | undefined, options: SessionOptions & { all?: true }): Promise<void> {
  if ((id === undefined) === (options.all === undefined)) throw usage("Give the ID of one session, or --all.");
  const { user, json } = options;
  if (user === undefined && id === undefined) throw usage("--all needs --user NAME.");
  const client = await clientOf(options);
  if (user === undefined) await client.endSession(id ?? "");
  else if (id === undefined) await client.endUserSessions(user);
  else await client.endUserSession(user, id);
  if (json) return printJson({ user: user ?? null, ended: id ?? "all" });
  print(id === undefined ? `${user} is signed out everywhere.` : `The session ${id} has ended.`);
}

export const columns: readonly Column<Session>[] = [
  { title: "ID", cell: ({ id }) => id, whole: true },
  { title: "SIGNED IN", cell: ({ createdAt }) => localTime(createdAt), whole: true },
  { title: "ENDS", cell: ({ expiresAt }) => localTime(expiresAt), whole: true },
  { title: "FROM", cell: ({ address }) => address ?? "" },
  { title: "BROWSER", cell: ({ browser, current }) => [browser ?? "", ...(current ? ["(this one)"] : [])].join(" ") },
];
