/** A real Chromium, and whoever walks through the pages in it. Whatever a page must never do is noted, and told at the end. */
import { accessSync, constants, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import type { AxeResults } from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import type { Served } from "./server.ts";

/** First the one that draws pages and no windows around them, at half the cost. */
const NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** CHROMIUM, or the first on the PATH; null: there is none, which is said aloud. */
export function findChromium(): string | null {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const paths = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = [process.env.CHROMIUM, ...paths].find((path) => path && isProgram(path));
  if (found) return found;
  console.warn(
    "\n*** No Chromium: THE PAGES ARE NOT TESTED. Install it (Debian: chromium-headless-shell), or name one in CHROMIUM. ***\n",
  );
  return null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What is looked at in each scheme of colours: in the second one, what colours decide. */
const RULES = [
  ["light", {}],
  ["dark", { runOnly: ["color-contrast", "link-in-text-block"] }],
] as const;

export async function openChromium(path: string): Promise<Browser> {
  return await chromium.launch({ executablePath: path, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

export interface VisitOptions {
  dark?: boolean;
  width?: number;
  /** Things move as whoever made them meant it; else as for people whom that makes dizzy. */
  moving?: boolean;
}

export class Visitor {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #url: string;
  /** What no page may do. */
  readonly #faults: string[] = [];

  static async arrive(
    browser: Browser,
    { url }: Pick<Served, "url">,
    { dark = false, width = 1280, moving = false }: VisitOptions = {},
  ) {
    const context = await browser.newContext({
      viewport: { width, height: 800 },
      colorScheme: dark ? "dark" : "light",
      reducedMotion: moving ? "no-preference" : "reduce",
    });
    // Pages that nothing troubles look every 20 s how it stands with the server: what they find by that comes in time, too.
    context.setDefaultTimeout(45_000);
    const visitor = new Visitor(context, await context.newPage(), url);
    await visitor.#watch();
    return visitor;
  }

  private constructor(context: BrowserContext, page: Page, url: string) {
    this.#context = context;
    this.page = page;
    this.#url = url;
  }

  async #watch(): Promise<void> {
    const { page } = this;
    const note = (fault: string) => this.#faults.push(fault);
    await page.exposeFunction("noteViolation", (what: string) => note(`against the policy: ${what}`));
    await page.addInitScript({
      content: `document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile }) =>
        noteViolation([violatedDirective, blockedURI, sourceFile].join(" ")));`,
    });
    page.on("pageerror", ({ message }) => note(`thrown: ${message}`));
    page.on("dialog", (dialog) => {
      note(`a script ran: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("console", (message) => {
      // That an answer was an error is told by the page, and often what a test is about.
      const isAnswer = /^Failed to load resource|Failed to fetch dynamically imported module/.test(message.text());
      if (message.type() === "error" && !isAnswer) note(`in the console: ${message.text()}`);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(`${this.#url}/`)) note(`asked elsewhere: ${request.url()}`);
    });
  }

  async open(path: string): Promise<void> {
    await this.page.goto(`${this.#url}${path}`);
  }

  async signIn(username: string, password = `password of ${username}`): Promise<void> {
    await this.page.getByLabel("User name").fill(username);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.page.getByRole("heading", { level: 1, name: /Library|New|.+/ }).waitFor();
    await this.page.getByText(username, { exact: true }).first().waitFor();
  }

  /** What the page says to be wrong for people with other eyes, ears or hands, in each scheme of colours. */
  async inaccessible(): Promise<string[]> {
    const found: string[] = [];
    await this.page.evaluate(axeSource);
    for (const [colorScheme, rules] of RULES) {
      await this.page.emulateMedia({ colorScheme });
      const options = JSON.stringify({ resultTypes: ["violations"], ...rules });
      const { violations } = await this.page.evaluate<AxeResults>(`axe.run(document, ${options})`);
      for (const { id, nodes } of violations) {
        found.push(...nodes.map(({ html, failureSummary }) => `${colorScheme}: ${id} ${html} ${failureSummary}`));
      }
    }
    return found;
  }

  /** What is wider than the window, where one would have to scroll sideways to see it. */
  async sticksOut(): Promise<string[]> {
    return await this.page.evaluate(`(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      if (scrollWidth <= clientWidth) return [];
      const wide = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > clientWidth);
      return [scrollWidth + " > " + clientWidth, ...wide.map((one) => one.outerHTML.slice(0, 200))];
    })()`);
  }

  /** Answers what a page did that none may do. */
  async leave(): Promise<string[]> {
    await this.#context.close();
    return this.#faults;
  }
}
