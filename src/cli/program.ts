/** The table of verbs, and the one place where an error becomes words and an exit code. */
import { statSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { isErrno } from "../base/files.ts";
import { supervision } from "../base/supervision.ts";
import { about, version } from "../base/version.ts";
import { PromptlibError } from "../contract/errors.ts";
import { detailLines } from "./details.ts";
import { told } from "./told.ts";

type Register = (program: Command) => void;

/** In the order of the help. */
const verbs: Readonly<Record<string, () => Promise<Register>>> = {
  up: async () => (await import("./up.ts")).registerUp,
  import: async () => (await import("./import.ts")).registerImport,
  export: async () => (await import("./export.ts")).registerExport,
  nightly: async () => (await import("./nightly.ts")).registerNightly,
  bundle: async () => (await import("./bundle.ts")).registerBundle,
  list: async () => (await import("./list.ts")).registerList,
  search: async () => (await import("./search.ts")).registerSearch,
  folders: async () => (await import("./folders.ts")).registerFolders,
  tags: async () => (await import("./folders.ts")).registerTags,
  get: async () => (await import("./get.ts")).registerGet,
  render: async () => (await import("./render.ts")).registerRender,
  diff: async () => (await import("./diff.ts")).registerDiff,
  push: async () => (await import("./push.ts")).registerPush,
  rename: async () => (await import("./rename.ts")).registerRename,
  move: async () => (await import("./move.ts")).registerMove,
  duplicate: async () => (await import("./duplicate.ts")).registerDuplicate,
  alias: async () => (await import("./alias.ts")).registerAlias,
  trash: async () => (await import("./trash.ts")).registerTrash,
  redact: async () => (await import("./redact.ts")).registerRedact,
  label: async () => (await import("./label.ts")).registerLabel,
  labelled: async () => (await import("./labelled.ts")).registerLabelled,
  promote: async () => (await import("./promote.ts")).registerPromote,
  protect: async () => (await import("./protect.ts")).registerProtect,
  user: async () => (await import("./user.ts")).registerUser,
  password: async () => (await import("./own-password.ts")).registerPassword,
  session: async () => (await import("./session.ts")).registerSession,
  key: async () => (await import("./key.ts")).registerKey,
  audit: async () => (await import("./audit.ts")).registerAudit,
  maintenance: async () => (await import("./maintenance.ts")).registerMaintenance,
  status: async () => (await import("./status.ts")).registerStatus,
  info: async () => (await import("./info.ts")).registerInfo,
  backup: async () => (await import("./backup.ts")).registerBackup,
  verify: async () => (await import("./verify.ts")).registerVerify,
  drill: async () => (await import("./drill.ts")).registerDrill,
  restore: async () => (await import("./restore.ts")).registerRestore,
  serve: async () => (await import("./serve.ts")).registerServe,
  guard: async () => (await import("./guard.ts")).registerGuard,
  receive: async () => (await import("./receive.ts")).registerReceive,
  job: async () => (await import("./job.ts")).registerJob,
  look: async () => (await import("./look.ts")).registerLook,
};

/** Runs the verb that `argv` (as in process.argv) names. Sets the exit code, or exits. */
export async function run(argv: readonly string[]): Promise<void> {
  const verb = argv[2];
  if (!isServer(verb)) endWithReader();
  await conclude(argv.includes("--json"), async () => {
    loadSettings(".env");
    const program = await programFor(verb);
    await program.parseAsync([...argv]);
    // Servers leave timers and connections behind; when their verb is over, they are over.
    if (isServer(verb)) await exit(0);
  });
}

function isServer(verb: string | undefined): boolean {
  return verb !== undefined && ["up", "serve", "guard", "receive"].includes(verb);
}

/** A folder of this name is somebody else's: a virtual environment of Python, as a rule. Errors: `config_invalid`. */
function loadSettings(path: string): void {
  if (!isThere(path)) return;
  try {
    process.loadEnvFile(path);
  } catch (cause) {
    throw new PromptlibError("config_invalid", {
      message: `The file ${path} in this directory could not be read.`,
      hint: "Make it readable for the account that runs promptlib, or run promptlib in another directory.",
      cause,
    });
  }
}

function isThere(path: string): boolean {
  try {
    return !statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** What standard output said when it took no more, as an exit code: nothing that ends well after that did. */
let unwritten: number | null = null;

/**
 * `promptlib list | head`: nobody reads any more, so there is nothing left to do. Messages are another matter: a verb
 * ends what it began and clears up, whether anybody hears of it or not.
 */
export function endWithReader(): void {
  process.stderr.on("error", () => {});
  process.stdout.on("error", (error) => {
    if (isErrno(error, "EPIPE")) process.exit(0);
    if (unwritten !== null) return;
    const known = told(error);
    unwritten = known.exit;
    tell(known);
    void exit(known.exit);
  });
}

/** Ends the process with the words and the exit code of what `work` throws. */
export async function conclude(json: boolean, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await fail(error, json);
  }
}

/** One verb is loaded when it is named, all of them for the help. */
export async function programFor(verb?: string): Promise<Command> {
  const program = new Command("promptlib")
    .description(about)
    .version(version, "-V, --version")
    // So that `get NAME --version 3` is not ours.
    .enablePositionalOptions()
    .showHelpAfterError("(promptlib --help shows how it is used)")
    .exitOverride();
  const loaders = verb !== undefined && Object.hasOwn(verbs, verb) ? [verbs[verb]] : Object.values(verbs);
  for (const load of loaders) if (load) (await load())(program);
  return program;
}

async function fail(error: unknown, json: boolean): Promise<void> {
  // What followed from it is no news.
  if (unwritten !== null) return await exit(unwritten);
  if (error instanceof CommanderError) return await misunderstood(error, json);
  const supervisor = supervision();
  const known = told(error, "LOG_LEVEL=debug shows where. Please report it.");
  // Under `up` this lands in logs/<name>.out.
  if (known.code === "internal" && (supervisor || process.env.LOG_LEVEL === "debug")) {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  }
  await supervisor?.refused(known);
  if (json) process.stdout.write(`${JSON.stringify(known)}\n`);
  else tell(known);
  await exit(known.exit);
}

function tell({ message, code, details, hint }: PromptlibError): void {
  const lines = [`promptlib: ${message} (${code})`, ...detailLines(details), hint];
  process.stderr.write(`${lines.join("\n           ")}\n`);
}

/** commander has printed its words already; --help and --version come along here, too. */
async function misunderstood({ code, exitCode, message }: CommanderError, json: boolean): Promise<void> {
  if (exitCode === 0) return await exit(0);
  const words = message.replace(/^error: /, "").replaceAll(/\s+/g, " ");
  const sentence = `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
  const known = new PromptlibError("usage", code === "commander.help" ? {} : { message: sentence });
  if (json) process.stdout.write(`${JSON.stringify(known)}\n`);
  await exit(known.exit);
}

/** Not before what was written has left: pipes are written in the background. */
async function exit(code: number): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write("", () => resolve()));
  }
  process.exit(unwritten ?? code);
}
