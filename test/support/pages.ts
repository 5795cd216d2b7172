/** What journeys through the pages begin with, called in the `describe` that it is for; and where things are on a page. */
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Client, Role } from "../../src/sdk/index.ts";
import { openChromium, type VisitOptions, Visitor } from "./browser.ts";
import { type FreshDatabase, freshDatabase } from "./database.ts";
import type { DatabaseProxy } from "./database-proxy.ts";
import { ADMIN, newUser, proxyTo, type Served, serveOn } from "./server.ts";

/** A browser, and how somebody enters it. After each test all leave, and what a page did that none may do fails it. */
export function openBrowser(chromium: string | null) {
  let browser: Browser;
  const visitors: Visitor[] = [];
  beforeAll(async () => {
    browser = await openChromium(chromium ?? "");
  });
  afterEach(async () => {
    const faults = await Promise.all(visitors.splice(0).map((visitor) => visitor.leave()));
    expect(faults.flat()).toEqual([]);
  });
  afterAll(async () => await browser?.close());
  return {
    /** Who is in it now. */
    visitors,
    async arrive(server: Pick<Served, "url">, options?: VisitOptions): Promise<Visitor> {
      const visitor = await Visitor.arrive(browser, server, options);
      visitors.push(visitor);
      return visitor;
    },
  };
}

/**
 * The server on a database of its own, with these people in its project; after each test all is well again. `server`,
 * `proxy` and `database` are there from `beforeAll` on.
 */
export function pagesStage(chromium: string | null, people: Readonly<Record<string, Role>>) {
  const { visitors, arrive } = openBrowser(chromium);
  let database: FreshDatabase;
  let proxy: DatabaseProxy;
  let server: Served;
  beforeAll(async () => {
    database = await freshDatabase();
    proxy = await proxyTo(database);
    server = await serveOn(database, { proxy });
    for (const [username, role] of Object.entries(people)) await newUser(server, username, { role });
  });
  afterEach(async () => {
    proxy.restore();
    await server.untilHealth("healthy");
  });
  afterAll(async () => {
    await server?.close();
    await proxy?.close();
    await database?.drop();
  });
  return {
    visitors,
    arrive,
    get server() {
      return server;
    },
    /** Between the server and its database. */
    get proxy() {
      return proxy;
    },
    get database() {
      return database;
    },
    /** One of its own, with these people in it; what may be done there is all that the local operator may. */
    async project(name: string, people: Readonly<Record<string, Role>>): Promise<Client> {
      await server.local.createProject({ name });
      const inIt = server.as(server.localToken, name);
      for (const [username, role] of Object.entries(people)) await inIt.setMember(username, role);
      return inIt;
    },
    async secondTab(first: Page, path: string): Promise<Page> {
      const page = await first.context().newPage();
      await page.goto(`${server.url}${path}`);
      return page;
    },
    /** `username` null: without signing in. */
    async visit(path: string, username: string | null, options?: VisitOptions): Promise<Visitor> {
      const visitor = await arrive(server, options);
      await visitor.open(path);
      if (username !== null) await visitor.signIn(username, username === ADMIN.username ? ADMIN.password : undefined);
      return visitor;
    },
  };
}

/** As if a file was dragged out of a folder onto the page. */
export async function drop(page: Page, name: string, content: string): Promise<void> {
  await page.evaluate(
    `(() => {
      const data = new DataTransfer();
      data.items.add(new File([${JSON.stringify(content)}], ${JSON.stringify(name)}));
      const place = document.querySelector(".drop-zone");
      for (const type of ["dragover", "drop"]) {
        place.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
      }
    })()`,
  );
}

/** As if somebody went to another tab, or came back. */
export async function see(page: Page, isSeen: boolean): Promise<void> {
  await page.evaluate(`Object.defineProperty(document, "hidden", { configurable: true, get: () => ${!isSeen} });
    document.dispatchEvent(new Event("visibilitychange"))`);
}

/** Its words are all of `name`, which also comes sooner than what only has it in it. */
export const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { name, exact: true });
export const button = (on: Page | Locator, name: string | RegExp) => on.getByRole("button", { name });
export const textOf = (page: Page) => page.getByRole("textbox", { name: "Text" });
export const dialogOf = (page: Page) => page.getByRole("dialog");

/** The dialog of a deed in the menu of a prompt. */
export async function more(page: Page, deed: string): Promise<Locator> {
  await page.getByText("More", { exact: true }).click();
  await button(page, deed).click();
  return dialogOf(page);
}
