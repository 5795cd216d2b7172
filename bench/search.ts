/** How long searches and lists take over HTTP, and how that grows with the library. BENCH_PROMPTS: how large, at most; BENCH_ROUNDS. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PromptlibError } from "../src/contract/errors.ts";
import { postgresConnection } from "../src/postgres/connection.ts";
import type { PromptFilter } from "../src/sdk/index.ts";
import { print, remove, type Started, start, temporaryDirectory } from "./instance.ts";
import { growLibrary, numbers, sentence, VERSIONS, word } from "./search-library.ts";

const SIZES = [...new Set([10_000, 100_000].map((size) => Math.min(size, Number(process.env.BENCH_PROMPTS ?? size))))];
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 200);
const WARM_UP = 20;

type Random = () => number;
const pick = (random: Random, from: number, to: number) => word(from + Math.floor(random() * (to - from)));
const common = (random: Random) => pick(random, 0, 50);
const middling = (random: Random) => pick(random, 200, 2_000);
const rare = (random: Random) => pick(random, 8_000, 17_000);
const swapped = (given: string) => `${given.slice(0, 2)}${given[3]}${given[2]}${given.slice(4)}`;

type Kinds = Readonly<Record<string, (random: Random) => PromptFilter>>;
/** Rows of all kinds together, each asked as often. */
const ALL_LISTS = "all of these lists";
const ALL_SEARCHES = "all of these searches";
type Library = Pick<Started, "client" | "pid" | "config">;

interface Sample {
  /** ms, one for each request. */
  times: number[];
  /** ms of a request, on average. */
  cpu: number;
  givenUp: number;
}

const page = { limit: 20 };
const searches: Kinds = {
  "two words of middling frequency": (random) => ({ ...page, search: `${middling(random)} ${middling(random)}` }),
  "a common and a rare word": (random) => ({ ...page, search: `${common(random)} ${rare(random)}` }),
  "two common words": (random) => ({ ...page, search: `${common(random)} ${common(random)}` }),
  "one common word": (random) => ({ ...page, search: common(random) }),
  "one rare word": (random) => ({ ...page, search: rare(random) }),
  "the beginning of a word": (random) => ({ ...page, search: middling(random).slice(0, 4) }),
  "a word and a tag": (random) => ({ ...page, search: common(random), tag: `tag-${Math.floor(random() * 20)}` }),
  "two words and a label": (random) => ({
    ...page,
    search: `${middling(random)} ${common(random)}`,
    label: "production",
  }),
  "a word and a folder": (random) => ({ ...page, search: common(random), folder: `team-${Math.floor(random() * 50)}` }),
  "a misspelt word": (random) => ({ ...page, search: swapped(rare(random)) }),
  "a phrase of two common words": (random) => ({ ...page, search: `"${common(random)} ${common(random)}"` }),
  "two common words, one of them not": (random) => ({ ...page, search: `${common(random)} -${common(random)}` }),
  "two Chinese characters": (random) => ({ ...page, search: sentence(random, 2) }),
  "four Chinese characters": (random) => ({ ...page, search: sentence(random, 4) }),
  "the first letter, as one types": (random) => ({ ...page, search: common(random).slice(0, 1) }),
  "the first two letters": (random) => ({ ...page, search: common(random).slice(0, 2) }),
  "the first three letters": (random) => ({ ...page, search: common(random).slice(0, 3) }),
  "the first letter, in a folder": (random) => ({
    ...page,
    search: common(random).slice(0, 1),
    folder: `team-${Math.floor(random() * 50)}`,
  }),
  "a common word, a page further down": (random) => ({ ...page, search: common(random), cursor: cursor(DEEP) }),
  "a common word, last changed first": (random) => ({ ...page, search: common(random), sort: "-updated" }),
  "a piece of a name": (random) => ({ ...page, search: rare(random).slice(1), in: "names" }),
  "a piece that all names have": () => ({ ...page, search: "eam", in: "names" }),
  "all versions, first page": (random) => ({ ...page, search: middling(random), in: "versions" }),
};
/** Behind most of what has a common word in its text alone. */
const DEEP = ["relevance", "20000", "1"];
const lists: Kinds = {
  "by name, first page": () => ({}),
  "by name, somewhere in the middle": (random) => ({ cursor: cursor(["name", `team-${Math.floor(random() * 50)}/m`]) }),
  "last changed first": () => ({ sort: "-updated" }),
  "last changed first, somewhere in the middle": (random) => ({
    sort: "-updated",
    cursor: cursor(["-updated", new Date(Date.now() - random() * 300 * 86_400_000).toISOString(), "1"]),
  }),
  "with a tag": (random) => ({ tag: `tag-${Math.floor(random() * 20)}` }),
  "with a label": () => ({ label: "production" }),
  "in a folder": (random) => ({ folder: `team-${Math.floor(random() * 50)}` }),
  "in a folder, somewhere in the middle": (random) => {
    const folder = `team-${Math.floor(random() * 50)}`;
    return { folder, cursor: cursor(["name", `${folder}/m`]) };
  },
  "of a type that none has": () => ({ type: "chat" }),
  "with a tag and a label, last changed first": (random) => ({
    tag: `tag-${Math.floor(random() * 20)}`,
    label: "production",
    sort: "-updated",
  }),
  "in a folder, with a tag, last changed first": (random) => ({
    folder: `team-${Math.floor(random() * 50)}`,
    tag: `tag-${Math.floor(random() * 20)}`,
    sort: "-updated",
  }),
};

function cursor(position: string[]): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

export async function benchSearch(): Promise<void> {
  const directory = await temporaryDirectory();
  const library = await start(directory, { BACKUP_INTERVAL: "24h" });
  const columns: Map<string, string>[] = [];
  try {
    const { client: connection } = await postgresConnection(library.config, "app");
    for (const [at, size] of SIZES.entries()) {
      const made = await growLibrary(connection, at === 0 ? 0 : (SIZES[at - 1] ?? 0), size);
      process.stderr.write(
        `${size} prompts: rows ${made.rowsSeconds.toFixed(0)} s, index ${made.indexSeconds.toFixed(0)} s\n`,
      );
      columns.push(await measure(library));
    }
    printTable(columns);
  } finally {
    await library.stop();
    await remove(directory);
  }
}

async function measure(library: Library): Promise<Map<string, string>> {
  return new Map([
    ...(await measureEach(library, lists, ALL_LISTS)),
    ...(await measureEach(library, searches, ALL_SEARCHES)),
  ]);
}

async function measureEach(library: Library, kinds: Kinds, all: string): Promise<Map<string, string>> {
  const measured = new Map<string, string>();
  const together: Sample[] = [];
  for (const [what, filterOf] of Object.entries(kinds)) {
    const sample = await measureOne(library, filterOf);
    measured.set(what, told(sample));
    together.push(sample);
  }
  const sum = (of: (one: Sample) => number) => together.reduce((total, one) => total + of(one), 0);
  const times = together.flatMap((one) => one.times);
  return measured.set(
    all,
    told({ times, cpu: sum(({ cpu }) => cpu) / together.length, givenUp: sum((one) => one.givenUp) }),
  );
}

async function measureOne(library: Library, filterOf: Kinds[string]): Promise<Sample> {
  const random = numbers(7);
  const times: number[] = [];
  let cpu = 0;
  let givenUp = 0;
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    const filter = filterOf(random);
    if (round === 0) cpu = await cpuOf(library);
    const began = performance.now();
    await library.client.listPrompts(filter).catch((error: unknown) => {
      if (!(error instanceof PromptlibError && error.code === "search_too_slow")) throw error;
      if (round >= 0) givenUp += 1;
    });
    if (round >= 0) times.push(performance.now() - began);
  }
  return { times, cpu: ((await cpuOf(library)) - cpu) / ROUNDS, givenUp };
}

function told({ times, cpu, givenUp }: Sample): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * sorted.length)] ?? Number.NaN).toFixed(1);
  return `${at(0.5)} / ${at(0.95)} / ${cpu.toFixed(1)}${givenUp > 0 ? `, ${givenUp} given up` : ""}`;
}

/** ms of the server and of every process of PostgreSQL that lives now. Of others on the machine it says nothing. */
async function cpuOf({ pid, config }: Pick<Started, "pid" | "config">): Promise<number> {
  const postmaster = (await readFile(join(config.home.postgres, "data/postmaster.pid"), "utf8")).split("\n")[0] ?? "";
  const children = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, "utf8");
  let ticks = 0;
  for (const one of [String(pid), ...children.trim().split(" ")]) {
    const fields = (await readFile(`/proc/${one}/stat`, "utf8").catch(() => "")).split(") ")[1]?.split(" ") ?? [];
    // utime and stime, in hundredths of a second.
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks * 10;
}

function printTable(columns: readonly Map<string, string>[]): void {
  const sizes = SIZES.map(
    (size) => `${size.toLocaleString("en")} prompts, ${(size * VERSIONS).toLocaleString("en")} versions`,
  );
  const rows = (kinds: Kinds, all: string) =>
    [...Object.keys(kinds), all].map(
      (what) => `| ${what} | ${columns.map((column) => column.get(what)).join(" | ")} |`,
    );
  const head = (what: string) => [
    `| ${what}, p50 / p95 / CPU ms | ${sizes.join(" | ")} |`,
    `|---|${"---|".repeat(SIZES.length)}`,
  ];
  print("## Search and list", "", ...head("list (50 on a page)"), ...rows(lists, ALL_LISTS), "");
  print(...head("search (20 on a page)"), ...rows(searches, ALL_SEARCHES), "");
}
