import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../src/base/clock.ts";
import { homeAt } from "../src/base/config.ts";
import { stopLeftOver } from "../src/postgres/cluster.ts";
import { temporaryDirectory } from "./support/cluster.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
/** As the user has it: bin/dev puts our Node and our tools in front. */
const path = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((entry) => !entry.startsWith(root))
  .join(delimiter);

let directory: string;
let tarball: string;
let files: string[];

beforeAll(async () => {
  directory = await temporaryDirectory();
  const { stdout } = await npm(root, "pack", "--json", "--pack-destination", directory);
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf("["))) as [{ filename: string; files: { path: string }[] }];
  tarball = join(directory, packed.filename);
  files = packed.files.map((file) => file.path);
}, 120_000);

afterAll(async () => await rm(directory, { recursive: true, force: true, maxRetries: 5 }));

function npm(cwd: string, ...args: string[]) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  return run("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], { cwd, env: { ...env, PATH: path } });
}

describe("the tarball", () => {
  it("holds the program, its migrations, the client's types, the pages that its words name, and nothing that only a clone needs", () => {
    expect(files).toEqual(
      expect.arrayContaining([
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "docs/permissions.md",
        "package.json",
        "bin/promptlib",
        "dist/cli/main.js",
        "dist/database/migrations/0001-library.sql",
        "dist/sdk/index.js",
        "dist/sdk/index.d.ts",
        "dist/web/index.html",
        "dist/web/licenses.md",
      ]),
    );
    const odd = files.filter(
      (file) =>
        !/^(LICENSE|README\.md|CHANGELOG\.md|\.env\.example|package\.json|bin\/promptlib)$/.test(file) &&
        !/^docs\/([\w-]+|(decisions|runbooks)\/[\w-]+)\.md$|^docs\/pictures\/session\.svg$|^docs\/screenshots\/[\w-]+\.png$/.test(
          file,
        ) &&
        !/^dist\/\w+\/[\w/-]+\.js$|^dist\/(sdk|contract|prompt)\/[\w/-]+\.d\.ts$/.test(file) &&
        !/^dist\/web\/(index\.html|licenses\.md|assets\/[\w-]+\.(js|css|svg)(\.br|\.gz)?)$/.test(file) &&
        !/^dist\/database\/migrations\/\d{4}-[\w-]+\.sql$/.test(file),
    );
    expect(odd).toEqual([]);
    expect(files.filter((file) => /\.test\.|testing\//.test(file))).toEqual([]);
  });
});

describe.each([
  ["without npm's install scripts", ["--ignore-scripts"]],
  ["with npm's install scripts", []],
])("installed into an empty folder %s", (_how, flags) => {
  let folder: string;

  beforeAll(async () => {
    folder = join(directory, `installed-${flags.length}`);
    await mkdir(folder);
    await writeFile(join(folder, "package.json"), `{ "name": "trial", "private": true, "type": "module" }\n`);
    await npm(folder, "install", "--prefer-offline", ...flags, tarball);
  }, 240_000);

  it("says its version", async () => {
    const { stdout } = await run("npx", ["promptlib", "--version"], { cwd: folder, env: { PATH: path } });
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it("starts with `promptlib up`, and the client fetches what the command line saved", async () => {
    const home = homeAt(join(folder, "home"));
    const env = { PATH: path, PROMPTLIB_HOME: home.root, PORT: "0", GUARDIAN_PORT: "0" };
    const up = spawn(join(folder, "node_modules/.bin/promptlib"), ["up"], { cwd: folder, env });
    const closed = once(up, "close");
    let printed = "";
    for (const stream of [up.stdout, up.stderr]) stream.on("data", (data) => (printed += data));
    try {
      const url = await until(() => /ready at (\S+)/.exec(printed)?.[1], { timeout: 60_000 });
      expect(url, printed).toBeTruthy();
      expect((await fetch(`${url}/health`)).status).toBe(200);
      await until(async () => (await fetch(`${url}/api/system/health`).then((r) => r.text())).includes('"healthy"'), {
        timeout: 30_000,
      });
      const page = await fetch(`${url}/prompts/greeting`).then((response) => response.text());
      const [, script] = /<script type="module"[^>]* src="(\/assets\/[^"]+)"/.exec(page) ?? [];
      expect((await fetch(`${url}${script}`)).status, "the pages are there, without being built").toBe(200);
      const saving = run("npx", ["promptlib", "push", "greeting", "--label", "production"], { cwd: folder, env });
      saving.child.stdin?.end("Hello {{name}}!");
      await saving;
      const key = await run("npx", ["promptlib", "key", "create", "trial"], { cwd: folder, env });
      expect(await fetchWithClient(folder, String(url), key.stdout.trim())).toBe("Hello {{name}}! (version 1)");
    } finally {
      up.kill("SIGTERM");
      await closed;
      await stopLeftOver(home);
    }
    expect(up.exitCode, printed).toBe(0);
  });
});

/** Compiled with every check of TypeScript on, without Node's types, as a page would be; run by the user's own Node. */
async function fetchWithClient(folder: string, url: string, key: string): Promise<string> {
  await writeFile(
    join(folder, "use.ts"),
    `import { createClient, PromptlibError } from "promptlib/sdk";

const client = createClient({ url: ${JSON.stringify(url)}, token: ${JSON.stringify(key)} });
const { prompt } = await client.fetchPrompt("greeting", { label: "production" });
const version: number = prompt.version;
console.log(\`\${prompt.text} (version \${version})\`);
// @ts-expect-error a number is no name
const wrong = () => client.fetchPrompt(3);
try {
  await client.fetchPrompt("nothing");
} catch (error) {
  if (!(error instanceof PromptlibError) || error.code !== "prompt_not_found") throw error;
}
export { wrong };
`,
  );
  const tsc = join(root, "node_modules/.bin/tsc");
  const flags = "--strict --module nodenext --target es2024 --lib es2024,dom,dom.iterable,dom.asynciterable --types";
  await run(tsc, [...flags.split(" "), "", "use.ts"], { cwd: folder }).catch((error) => {
    throw new Error(`the client's types do not compile:\n${error.stdout}`);
  });
  const { stdout } = await run("node", ["use.js"], { cwd: folder, env: { PATH: path } });
  return stdout.trim();
}
