/** How Lighthouse judges the speed of the pages, in a library that is in use. */
import { ROOM_PATHS } from "../src/web/address.ts";
import { findChromium } from "../test/support/browser.ts";
import { Judge } from "../test/support/lighthouse.ts";
import { print, remove, start, temporaryDirectory } from "./instance.ts";

const PROMPTS = 1_000;
const ROUNDS = 3;
const PASSWORD = "correct-horse-battery";
const ADDRESSES = ["/", "/prompts/mail/welcome-1", "/new"];
const ROOMS = Object.values(ROOM_PATHS);

export async function benchLighthouse(): Promise<void> {
  const chromium = findChromium();
  if (!chromium) return print("Lighthouse: not measured, there is no Chromium.", "");
  const directory = await temporaryDirectory();
  const library = await start(directory, { BACKUP_INTERVAL: "24h", ADMIN_PASSWORD: PASSWORD });
  const judge = await Judge.open(chromium, await temporaryDirectory(), ["performance"]);
  try {
    for (let at = 1; at <= PROMPTS; at += 1) {
      await library.client.savePrompt({ name: `mail/welcome-${at}`, text: `Hello {{name}}, this is number ${at}.` });
    }
    const rows = [await row("sign in", () => judge.judge(library.url))];
    const page = await judge.context.newPage();
    await page.goto(library.url);
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("mail/welcome-1").first().waitFor();
    await page.close();
    for (const [desktop, addresses] of [
      [false, [...ADDRESSES, ...ROOMS]],
      [true, ADDRESSES],
    ] as const) {
      for (const address of addresses) {
        rows.push(
          await row(`${address}${desktop ? ", desktop" : ""}`, () =>
            judge.judge(`${library.url}${address}`, { desktop }),
          ),
        );
      }
    }
    print("| page | performance: median of three (lowest to highest) |", "|---|---|", ...rows, "");
  } finally {
    await judge.close();
    await library.stop();
    await remove(directory);
  }
}

async function row(what: string, judge: () => ReturnType<Judge["judge"]>): Promise<string> {
  const found: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) found.push((await judge()).scores.performance ?? 0);
  const [low, median, high] = found.sort((a, b) => a - b);
  return `| ${what} | ${median} (${low} to ${high}) |`;
}
