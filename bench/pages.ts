/**
 * How long a key takes until the page has answered it, in Chromium: in the list of a large library, until the rows
 * found by what is typed are painted; in a large prompt, until the letter is. BENCH_PROMPTS: how large the library is.
 */
import type { Page } from "playwright-core";
import { postgresConnection } from "../src/postgres/connection.ts";
import { findChromium, openChromium } from "../test/support/browser.ts";
import { atRest, print, remove, start, temporaryDirectory } from "./instance.ts";
import { growLibrary, numbers, word } from "./search-library.ts";

const PROMPTS = Number(process.env.BENCH_PROMPTS ?? 100_000);
const WORDS = Number(process.env.BENCH_ROUNDS ?? 20);
const PASSWORD = "correct-horse-battery";
/** As fast as people type who type fast. */
const PAUSE_MS = 120;
const LARGE = 231 * 1024;

export async function benchPages(): Promise<void> {
  const chromium = findChromium();
  if (!chromium) return print("Pages: not measured, there is no Chromium.", "");
  const directory = await temporaryDirectory();
  const library = await start(directory, { BACKUP_INTERVAL: "24h", ADMIN_PASSWORD: PASSWORD });
  const browser = await openChromium(chromium);
  try {
    const { client: connection } = await postgresConnection(library.config, "app");
    await growLibrary(connection, 0, PROMPTS);
    await library.client.savePrompt({ name: "large", text: "A line of {{name}} and more of it.\n".repeat(LARGE / 35) });
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.addInitScript({ content: STOPWATCH });
    await page.goto(library.url);
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("list", { name: "Prompts" }).waitFor();
    await atRest();
    const list = await typeInList(page);
    await page.goto(`${library.url}/prompts/large`);
    await page.getByRole("button", { name: "Edit" }).click();
    const prompt = await typeInPrompt(page);
    print(
      `| a key, at ${PROMPTS.toLocaleString("en")} prompts | median | p95 | longest |`,
      "|---|---|---|---|",
      row("in the list, until what it finds is painted", list),
      row("in a prompt of 231 KB, until the letter is painted", prompt),
      "",
    );
  } finally {
    await browser.close();
    await library.stop();
    await remove(directory);
  }
}

/** From the key until the first frame in which what is waited for is so is painted: a task after a frame's callbacks. */
const STOPWATCH = `
  let pressed = 0;
  addEventListener("keydown", (event) => { pressed = event.timeStamp; }, true);
  globalThis.stopwatch = (isSo) => new Promise((resolve) => {
    const look = () => requestAnimationFrame(() => {
      if (isSo()) {
        const painted = new MessageChannel();
        painted.port1.onmessage = () => resolve(performance.now() - pressed);
        painted.port2.postMessage(null);
      } else look();
    });
    look();
  });
  globalThis.listShows = (typed) => () =>
    new URLSearchParams(location.search).get("search") === typed &&
    document.querySelector(".rows")?.getAttribute("aria-busy") !== "true" &&
    document.querySelector(".count")?.textContent !== "Loading …";
`;

async function typeInList(page: Page): Promise<number[]> {
  const random = numbers(11);
  const field = page.getByRole("searchbox", { name: "Find", exact: true });
  const times: number[] = [];
  // The first word since the server was started is not counted: PostgreSQL makes its plans then.
  for (let round = -1; round < WORDS; round += 1) {
    await field.fill("");
    await page.waitForTimeout(PAUSE_MS * 4);
    const typing = word(50 + Math.floor(random() * 2_000));
    for (const [at, letter] of [...typing].entries()) {
      const typed = JSON.stringify(typing.slice(0, at + 1));
      const answered = page.evaluate<number>(`stopwatch(listShows(${typed}))`);
      await page.keyboard.press(letter);
      const taken = await answered;
      if (round >= 0) times.push(taken);
      await page.waitForTimeout(PAUSE_MS);
    }
  }
  return times;
}

async function typeInPrompt(page: Page): Promise<number[]> {
  const field = page.getByRole("textbox", { name: "Text" });
  await field.click();
  await page.keyboard.press("Control+End");
  const times: number[] = [];
  for (const [at, letter] of [..."The quick brown fox jumps over the lazy dog"].entries()) {
    // Asked before: a key overtakes what is still to be evaluated.
    const length = await page.evaluate<number>(`document.querySelector("textarea").value.length`);
    const answered = page.evaluate<number>(
      `stopwatch(() => document.querySelector("textarea").value.length > ${length})`,
    );
    await page.keyboard.type(letter);
    const taken = await answered;
    // The first one still has what the page does at its beginning.
    if (at > 0) times.push(taken);
    await page.waitForTimeout(PAUSE_MS);
  }
  return times;
}

function row(what: string, times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) =>
    `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(0)} ms`;
  return `| ${what} | ${at(0.5)} | ${at(0.95)} | ${at(1)} |`;
}
