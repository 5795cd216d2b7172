/** Where the server is: the one that PROMPTLIB_URL names, or the one that runs on this machine's home. */
import { userInfo } from "node:os";
import { resolve } from "node:path";
import { configInvalid, type Home, homeAt, readSettings } from "../base/config.ts";
import { isErrno } from "../base/files.ts";
import { type LocalAddress, readLocalFile } from "../base/local-file.ts";
import { clientSettings, settings } from "../base/settings.ts";
import { type Client, createClient, networkCode, PromptlibError } from "../sdk/index.ts";

export interface Connection {
  client: Client;
  url: string;
  /** The home whose server it is; null for a server that PROMPTLIB_URL names. */
  home: Home | null;
}

interface ConnectOptions {
  project?: string;
  /** ms; how long one answer may take. */
  timeout?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Errors: `config_invalid`, `not_running` and `forbidden` where the home belongs to someone else. */
export async function connect(
  options: ConnectOptions = {},
  environment: Environment = process.env,
): Promise<Connection> {
  const homeSettings = settings.filter(({ name }) => name === "PROMPTLIB_HOME");
  const { values, faults } = readSettings([...clientSettings, ...homeSettings], environment);
  const url = values.get("PROMPTLIB_URL");
  const token = values.get("PROMPTLIB_API_KEY");
  if (token !== undefined && url === undefined) {
    faults.push({ setting: "PROMPTLIB_API_KEY", fault: "means nothing without PROMPTLIB_URL" });
  }
  if (faults.length > 0) throw configInvalid(faults);
  // `default` is only sent where someone asked for it: a key works in its own project, whatever its name.
  const asked = environment.PROMPTLIB_PROJECT ? values.get("PROMPTLIB_PROJECT") : undefined;
  const project = options.project ?? asked;
  const shared = {
    ...(project === undefined ? {} : { project }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
  };
  if (url !== undefined) {
    return { client: createClient({ ...shared, url, ...(token === undefined ? {} : { token }) }), url, home: null };
  }
  const home = homeAt(resolve(values.get("PROMPTLIB_HOME") ?? ""));
  const local = await readServerFile(home);
  return { client: createClient({ ...shared, ...local, fetch: fetchOf(home) }), url: local.url, home };
}

/** The home of this machine that verbs talk to; null: PROMPTLIB_URL names a server. */
export function homeOf(environment: Environment = process.env): Home | null {
  const homeSettings = settings.filter(({ name }) => name === "PROMPTLIB_HOME");
  const { values } = readSettings([...clientSettings, ...homeSettings], environment);
  return values.has("PROMPTLIB_URL") ? null : homeAt(resolve(values.get("PROMPTLIB_HOME") ?? ""));
}

/** What the server writes at its start for those who may read the home: they are its local operator. */
async function readServerFile(home: Home): Promise<LocalAddress> {
  try {
    const found = await readLocalFile(home, "server.json");
    if (found) return found;
    throw notRunning(home);
  } catch (error) {
    if (isErrno(error, "ENOTDIR")) throw notRunning(home, error);
    throw refusedHome(home, error);
  }
}

/** The error for a home that belongs to another user of this machine; any other is passed on. */
export function refusedHome(home: Home, error: unknown): unknown {
  if (!isErrno(error, "EACCES", "EPERM")) return error;
  return new PromptlibError("forbidden", {
    message: `The home ${home.root} belongs to another user of this machine.`,
    hint: "Run this as that user, or give PROMPTLIB_URL and PROMPTLIB_API_KEY.",
    cause: error,
  });
}

/**
 * Tells the audit log who of this machine's users the local operator is. And the file outlives a server that was
 * killed: where nobody listens, nothing runs.
 */
function fetchOf(home: Home): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set("x-promptlib-os-user", osUser());
    try {
      return await fetch(input, { ...init, headers });
    } catch (error) {
      throw networkCode(error) === "ECONNREFUSED" ? notRunning(home, error) : error;
    }
  };
}

export function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers run under numbers that have no name.
    return String(process.getuid?.() ?? "unknown");
  }
}

function notRunning(home: Home, cause?: unknown): PromptlibError {
  return new PromptlibError("not_running", { message: `No Prompt Library runs on the home ${home.root}.`, cause });
}
