/** The memory of a server with 100,000 prompts, after each was fetched, in random order, and then more of them. */
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import pg from "pg";
import { monotonic, sleep } from "../src/base/clock.ts";
import { postgresConnection } from "../src/postgres/connection.ts";
import { memoryOf, print, remove, type Started, start, temporaryDirectory } from "./instance.ts";

const PROMPTS = 100_000;
const CONNECTIONS = 16;

export async function benchMemory(): Promise<void> {
  const directory = await temporaryDirectory();
  const rows: string[] = [];
  try {
    for (const limit of [64, 16]) {
      const library = await start(directory, { CACHE_LIMIT_MB: String(limit) });
      try {
        if (rows.length === 0) await makePrompts(library);
        rows.push(await measure(library, limit));
      } finally {
        await library.stop();
      }
    }
  } finally {
    await remove(directory);
  }
  print(
    `### Memory of the server with ${PROMPTS.toLocaleString("en")} prompts of 1 KiB (MiB resident)`,
    "",
    "| CACHE_LIMIT_MB | idle | each fetched once, at random | 100,000 more | highest | held ready | fetches/s of misses |",
    "|---|---|---|---|---|---|---|",
    ...rows,
    "",
  );
}

/** By SQL, past the change feed: the mirror has no part in this. */
async function makePrompts({ config }: Started): Promise<void> {
  const connection = await postgresConnection(config, "owner");
  const client = new pg.Client(connection.client);
  await client.connect();
  await client.query("set search_path to promptlib, public");
  await client.query(
    `with made as (
       insert into prompts (project_id, name, type, newest)
       select (select id from projects where name = 'default'), 'many/prompt-' || n, 'text', 1
       from generate_series(1, $1::int) n returning id, name)
     , versioned as (
       insert into versions (prompt_id, version, text, variables, config, template, content_hash, author)
       select id, 1, rpad(name || ' ', 1024, 'some words of a prompt '), '{}', '{}', 'mustache',
         sha256(name::bytea), 'bench' from made returning prompt_id)
     insert into labels (prompt_id, label, version, moved_by) select id, 'production', 1, 'bench' from made`,
    [PROMPTS],
  );
  await client.query("analyze");
  await client.end();
}

async function measure(library: Started, limit: number): Promise<string> {
  const { key } = await library.client.createKey({ name: `bench ${limit}` });
  await sleep(2_000);
  const idle = await memoryOf(library.pid);
  const began = monotonic();
  await fetchAll(library.url, key);
  const rate = PROMPTS / ((monotonic() - began) / 1000);
  const once = await memoryOf(library.pid);
  await fetchAll(library.url, key);
  const twice = await memoryOf(library.pid);
  const metrics = await (await fetch(`${library.url}/metrics`)).text();
  const held = /^promptlib_ready_prompts(?:_count)? (\d+)/m.exec(metrics)?.[1] ?? "?";
  const cells = [idle.now, once.now, twice.now, twice.highest].map((mib) => mib.toFixed(0));
  return `| ${limit} | ${cells.join(" | ")} | ${Number(held).toLocaleString("en")} | ${rate.toFixed(0)} |`;
}

async function fetchAll(url: string, key: string): Promise<void> {
  const names = Array.from({ length: PROMPTS }, (_, index) => index + 1);
  for (let i = names.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [names[i], names[j]] = [names[j] ?? 0, names[i] ?? 0];
  }
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const headers = { authorization: `Bearer ${key}` };
  const fetchOne = (n: number) =>
    new Promise<void>((resolve, reject) => {
      const path = `${url}/api/prompts/many%2Fprompt-${n}?label=production`;
      request(path, { agent, headers }, (answer) => {
        if (answer.statusCode === 200) answer.on("end", resolve).resume();
        else text(answer).then((body) => reject(new Error(`${path} answered ${answer.statusCode} ${body}`)), reject);
      })
        .on("error", reject)
        .end();
    });
  const work = async () => {
    for (let n = names.pop(); n !== undefined; n = names.pop()) await fetchOne(n);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  agent.destroy();
}
