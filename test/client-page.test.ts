/** The application of docs/client.md, as it stands there, while the server under it changes, stops and comes back. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeBundle } from "../src/sdk/index.ts";
import { temporaryHome } from "./support/cluster.ts";
import { type FreshDatabase, freshDatabase } from "./support/database.ts";
import { freePort } from "./support/free-port.ts";
import { ask, eventually, newKey, type Served, serveOn } from "./support/server.ts";

const page = readFileSync(fileURLToPath(new URL("../docs/client.md", import.meta.url)), "utf8");
const application = /^## An application\n[\s\S]*?^```ts\n([\s\S]*?)^```/m.exec(page)?.[1] ?? "";

let database: FreshDatabase;
let own: Awaited<ReturnType<typeof temporaryHome>>;
let folder: string;
/** The one that the application knows; stopped and started again at the same address. */
let server: Served;
/** Another on the same database: somebody else's way in. */
let beside: Served;
let port: string;
let app: { process: ChildProcess; url: string } | null = null;

beforeAll(async () => {
  database = await freshDatabase();
  own = await temporaryHome();
  folder = await mkdtemp(join(tmpdir(), "promptlib-application-"));
  port = String(await freePort());
  [server, beside] = await Promise.all([start(), serveOn(database)]);
});
afterAll(async () => {
  app?.process.kill("SIGKILL");
  await Promise.all([server.close(), beside.close()]);
  await database.drop();
  await own.remove();
  await rm(folder, { recursive: true, force: true });
});

const start = () => serveOn(database, { home: own.home.root, settings: { PORT: port } });

async function run(key: string): Promise<void> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const sdk = new URL("../src/sdk/index.ts", import.meta.url);
  await writeFile(join(folder, "app.ts"), application.replace('"promptlib/sdk"', JSON.stringify(sdk.href)));
  const env = { PROMPTLIB_URL: server.url, PROMPTLIB_API_KEY: key, APP_PORT: new URL(url).port };
  app = { url, process: spawn(process.execPath, ["app.ts"], { cwd: folder, env, stdio: "ignore" }) };
  await eventually(async () => (await ask(url, "/").catch(() => null))?.status === 200);
}

/** What it says, and where that came from. */
async function greeting(): Promise<string> {
  const { text, headers } = await ask(app?.url ?? "", "/?name=Ada");
  return `${text} (${headers["x-prompt"]})`;
}

const greets = (wanted: string) => eventually(async () => (await greeting()) === wanted);

async function publish(text: string): Promise<void> {
  await beside.local.savePrompt({ name: "mail/welcome", text, labels: ["production"] });
}

it("greets as the library says, hears of changes at once, and goes on without a server", async () => {
  await publish("Hello {{name}}, welcome to {{place}}!");
  const key = await newKey(server, ["read"]);
  await writeFile(join(folder, "prompts.bundle.json"), JSON.stringify(await makeBundle(server.as(key))));
  await run(key);
  await greets("Hello Ada, welcome to Berlin! (version 1, from memory)");

  // Answers are used for 30 s without asking: only an event can bring this one.
  await publish("Welcome to {{place}}, {{name}}.");
  await greets("Welcome to Berlin, Ada. (version 2, from memory)");

  await server.close();
  expect(await greeting()).toBe("Welcome to Berlin, Ada. (version 2, from memory)");
  await publish("Written while it was away, {{name}}.");
  server = await start();
  await greets("Written while it was away, Ada. (version 3, from memory)");

  await server.close();
  app?.process.kill("SIGTERM");
  expect(await once(app?.process as ChildProcess, "close")).toEqual([0, null]);
  await run(key);
  expect(await greeting()).toBe("Hello Ada, welcome to Berlin! (version 1, from bundle)");

  server = await start();
  await greets("Written while it was away, Ada. (version 3, from memory)");
});
