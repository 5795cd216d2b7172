/**
 * Lighthouse, which judges a page in a real Chromium. Its packages are large and wanted here alone, so they are
 * installed into test/lighthouse when they are first asked for.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type BrowserContext, chromium } from "playwright-core";
import { freePort } from "./free-port.ts";

const directory = fileURLToPath(new URL("../lighthouse", import.meta.url));
const entry = join(directory, "node_modules/lighthouse/core/index.js");

export type Category = "accessibility" | "best-practices" | "performance";

interface Audit {
  title: string;
  score: number | null;
}

interface Result {
  lhr: {
    runtimeError?: { message: string };
    categories: Record<string, { score: number | null; auditRefs: { id: string; weight: number }[] }>;
    audits: Record<string, Audit>;
  };
}

type Lighthouse = (url: string, flags: object, config?: object) => Promise<Result | undefined>;

export interface Verdict {
  /** 0 to 100 by category. */
  scores: Partial<Record<Category, number>>;
  /** What cost points. */
  faults: string[];
}

export class Judge {
  /** Whose cookies the judged pages see. */
  readonly context: BrowserContext;
  readonly #port: number;
  readonly #profile: string;
  readonly #lighthouse: Lighthouse;
  readonly #categories: readonly Category[];

  /** `categories`: what it judges. */
  static async open(chromiumPath: string, profile: string, categories: readonly Category[]): Promise<Judge> {
    const lighthouse = await load();
    const port = await freePort();
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumPath,
      args: [
        "--no-sandbox",
        "--disable-dev-shm-usage",
        `--remote-debugging-port=${port}`,
        "--disable-background-networking",
        "--disable-component-update",
        // Else the end of a trace waits 5 s, on every other page, for a process that is kept ready and answers nothing.
        // Page after page in one process, each is slower than the one before: where speed is judged it must wait.
        ...(categories.includes("performance") ? [] : ["--renderer-process-limit=1"]),
      ],
    });
    return new Judge(context, port, profile, lighthouse, categories);
  }

  private constructor(
    context: BrowserContext,
    port: number,
    profile: string,
    lighthouse: Lighthouse,
    categories: readonly Category[],
  ) {
    this.context = context;
    this.#port = port;
    this.#profile = profile;
    this.#lighthouse = lighthouse;
    this.#categories = categories;
  }

  /** As on a phone, which is Lighthouse's own choice; `desktop`: as on a desk. */
  async judge(url: string, { desktop = false } = {}): Promise<Verdict> {
    let problem = "";
    // A busy machine loses the trace of a visit now and then; Lighthouse says itself to run it again.
    for (let turn = 0; turn < 3; turn += 1) {
      const result = await this.#lighthouse(url, this.#flags(), desktop ? DESKTOP : undefined);
      if (result && !result.lhr.runtimeError) return verdictOf(result, this.#categories);
      problem = result?.lhr.runtimeError?.message ?? "";
    }
    throw new Error(`no verdict on ${url}: ${problem}`);
  }

  #flags(): object {
    return {
      port: this.#port,
      logLevel: "silent",
      onlyCategories: this.#categories,
      disableStorageReset: true,
      disableFullPageScreenshot: true,
      ...(this.#categories.includes("performance") ? IN_EARNEST : AT_ONCE),
    };
  }

  async close(): Promise<void> {
    await this.context.close();
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** It waits until nothing is asked for any more, and pages that hear of changes go on listening: so long it waits. In ms. */
const IN_EARNEST = { maxWaitForLoad: 8_000 };

/** Where speed is not judged, it is not waited for. */
const AT_ONCE = {
  maxWaitForLoad: 2_000,
  pauseAfterFcpMs: 0,
  pauseAfterLoadMs: 0,
  networkQuietThresholdMs: 500,
  cpuQuietThresholdMs: 200,
};

/** Its own `desktop` preset. */
const DESKTOP = {
  extends: "lighthouse:default",
  settings: {
    formFactor: "desktop",
    screenEmulation: { mobile: false, width: 1350, height: 940, deviceScaleFactor: 1, disabled: false },
    throttling: { rttMs: 40, throughputKbps: 10_240, cpuSlowdownMultiplier: 1 },
  },
};

function verdictOf({ lhr: { categories, audits } }: Result, asked: readonly Category[]): Verdict {
  const scores = Object.fromEntries(asked.map((one) => [one, Math.round((categories[one]?.score ?? 0) * 100)]));
  const counted = asked.flatMap((one) => categories[one]?.auditRefs.filter(({ weight }) => weight > 0) ?? []);
  const faults = counted.flatMap(({ id }) => {
    const { score = null, title = id } = audits[id] ?? {};
    return score !== null && score < 0.9 ? [`${id}: ${title}`] : [];
  });
  return { scores, faults };
}

async function load(): Promise<Lighthouse> {
  if (!existsSync(entry)) {
    await promisify(execFile)("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: directory });
  }
  return ((await import(pathToFileURL(entry).href)) as { default: Lighthouse }).default;
}
