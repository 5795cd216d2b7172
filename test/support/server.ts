/** The real server in the test's own process, on a fresh database and a home of its own. */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type IncomingHttpHeaders, request as sendRequest } from "node:http";
import { join } from "node:path";
import { until } from "../../src/base/clock.ts";
import { type Config, readConfig } from "../../src/base/config.ts";
import { prepareHome } from "../../src/base/home.ts";
import type { Role } from "../../src/contract/shapes.ts";
import { type Client, createClient } from "../../src/sdk/index.ts";
import { startServer } from "../../src/server/serve.ts";
import { temporaryHome, testLog } from "./cluster.ts";
import { type FreshDatabase, freshDatabase } from "./database.ts";
import { DatabaseProxy } from "./database-proxy.ts";

export const ADMIN = { username: "admin", password: "correct-horse-battery" };
export const JWT_SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/** Longer than anything here takes on a busy machine. */
const PATIENCE = { timeout: 20_000 };

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into what came, whatever its shape
  json: any;
}

export interface Ask {
  method?: string;
  token?: string | undefined;
  headers?: Record<string, string>;
  /** An object is sent as JSON; a string or bytes as they are. */
  body?: unknown;
}

/** Sends a request exactly as written: unlike fetch it mends neither path nor headers. */
export async function ask(url: string, path: string, { method = "GET", token, headers = {}, body }: Ask = {}) {
  const { hostname, port } = new URL(url);
  const bytes =
    body === undefined ? null : typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const length = bytes === null || headers["transfer-encoding"] ? {} : { "content-length": Buffer.byteLength(bytes) };
  return new Promise<Reply>((resolve, reject) => {
    const sent = sendRequest({
      hostname,
      port,
      path,
      method,
      agent: false,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(bytes === null ? {} : { "content-type": "application/json", ...length }),
        ...headers,
      },
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const pieces: Buffer[] = [];
      // Such an answer has no end; that it began is all that is asked here.
      if (response.headers["content-type"]?.startsWith("text/event-stream")) {
        response.destroy();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: "", json: undefined });
      }
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(pieces).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
      });
    });
    if (bytes === null) sent.end();
    else sent.end(bytes);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface Served {
  url: string;
  config: Config;
  /** The token of the local operator. */
  localToken: string;
  /** As the local operator. */
  local: Client;
  ask(path: string, options?: Ask): Promise<Reply>;
  as(token: string, project?: string): Client;
  /** Waits until the server says that it is so. */
  untilHealth(status: "healthy" | "degraded" | "down"): Promise<void>;
  /** As if another server answered on the same socket. */
  share(): void;
  close(): Promise<void>;
}

/** A server on this database; several may share it. `proxy`: reach the database through it. */
export async function serveOn(
  database: FreshDatabase,
  { proxy, home, settings = {}, wait = true, bodyPatience }: ServeSettings = {},
): Promise<Served> {
  const own = home === undefined ? await temporaryHome() : null;
  const root = home ?? own?.home.root ?? "";
  const config = readConfig({
    PROMPTLIB_HOME: root,
    HOST: "127.0.0.1",
    PORT: "0",
    DATABASE_URL: databaseUrl(database, proxy ?? null),
    JWT_SECRET,
    ADMIN_PASSWORD: ADMIN.password,
    ...settings,
  });
  await prepareHome(config.home);
  const log = testLog(config.home);
  const refused: unknown[] = [];
  const server = await startServer(config, {
    log,
    socket: null,
    ...(bodyPatience === undefined ? {} : { bodyPatience }),
    onFirstAdmin() {},
    onRefused: (error) => refused.push(error),
  });
  const { token: localToken } = JSON.parse(await readFile(join(config.home.run, "server.json"), "utf8"));
  const served: Served = {
    url: server.url,
    config,
    localToken,
    local: createClient({ url: server.url, token: localToken, retries: 0 }),
    share: server.share,
    ask: (path, options) => ask(server.url, path, options),
    as: (token, project) => createClient({ url: server.url, token, retries: 0, ...(project ? { project } : {}) }),
    async untilHealth(status) {
      let last: unknown;
      const reached = await until(async () => {
        last = (await ask(server.url, "/api/system/health")).json;
        return (last as { status: string }).status === status;
      }, PATIENCE);
      if (!reached) throw new Error(`never ${status}: ${JSON.stringify({ last, refused: refused.map(String) })}`);
    },
    async close() {
      await server.close();
      await own?.remove();
    },
  };
  if (wait) {
    await served.untilHealth("healthy");
    // From here on it could do without the database.
    const files = [join(config.home.prompts, ".mirror.json"), config.home.accessFile];
    await eventually(async () => files.every((file) => existsSync(file)));
  }
  return served;
}

export interface ServeSettings {
  proxy?: DatabaseProxy;
  /** A home that outlives the server; without it the server has one of its own. */
  home?: string;
  settings?: Record<string, string>;
  /** false: do not wait until everything is well. */
  wait?: boolean;
  /** ms; in which a body that is no import must be whole. */
  bodyPatience?: number;
}

/** A database and a server on it, both gone after close. */
export async function freshServer(settings: ServeSettings = {}): Promise<Served & { database: FreshDatabase }> {
  const database = await freshDatabase();
  const served = await serveOn(database, settings);
  return {
    ...served,
    database,
    async close() {
      await served.close();
      await database.drop();
    },
  };
}

export async function proxyTo(database: FreshDatabase): Promise<DatabaseProxy> {
  return DatabaseProxy.open(socketOf(database));
}

function socketOf({ superuserConfig: { host, port } }: FreshDatabase): string {
  return join(host ?? "", `.s.PGSQL.${port}`);
}

export function databaseUrl({ superuserConfig, name }: FreshDatabase, proxy: DatabaseProxy | null): string {
  const { user, password, host, port } = superuserConfig;
  const login = `${user}:${password}`;
  return proxy
    ? `postgres://${login}@127.0.0.1:${proxy.port}/${name}`
    : `postgres://${login}@localhost:${port}/${name}?host=${encodeURIComponent(host ?? "")}`;
}

/** A new user with a role in the project (or none), signed in. */
export async function newUser(
  server: Served,
  username: string,
  { role, project, operator = false }: { role?: Role; project?: string; operator?: boolean } = {},
): Promise<string> {
  const password = `password of ${username}`;
  await server.local.createUser({ username, password, operator });
  if (role) await server.as(server.localToken, project).setMember(username, role);
  return (await server.local.login(username, password)).token;
}

export async function newKey(server: Served, scopes: string[], project?: string): Promise<string> {
  return (await server.as(server.localToken, project).createKey({ name: scopes.join(" "), scopes })).key;
}

export async function eventually<T>(condition: () => Promise<T | null | undefined | false>): Promise<T> {
  const value = await until(condition, PATIENCE);
  if (!value) throw new Error(`never so: ${condition}`);
  return value;
}
