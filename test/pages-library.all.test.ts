import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findChromium, openChromium, type VisitOptions, Visitor } from "./support/browser.ts";
import { type FreshDatabase, freshDatabase } from "./support/database.ts";
import type { DatabaseProxy } from "./support/database-proxy.ts";
import { eventually, newUser, proxyTo, type Served, serveOn } from "./support/server.ts";

const path = findChromium();

/** Living in the library all day: several people, several tabs, much at once, and what goes wrong then. */
describe.skipIf(!path)("the library and its prompts, in Chromium", () => {
  let browser: Browser;
  let database: FreshDatabase;
  let proxy: DatabaseProxy;
  let server: Served;
  const visitors: Visitor[] = [];

  beforeAll(async () => {
    browser = await openChromium(path ?? "");
    database = await freshDatabase();
    proxy = await proxyTo(database);
    server = await serveOn(database, { proxy });
    await newUser(server, "ada", { role: "editor" });
    await newUser(server, "bob", { role: "viewer" });
    await newUser(server, "cleo", { role: "admin" });
  });

  afterEach(async () => {
    proxy.restore();
    await server.untilHealth("healthy");
    const faults = await Promise.all(visitors.splice(0).map((visitor) => visitor.leave()));
    expect(faults.flat()).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await proxy?.close();
    await database?.drop();
  });

  async function visit(path: string, username = "ada", options: VisitOptions = {}) {
    const visitor = await Visitor.arrive(browser, server, options);
    visitors.push(visitor);
    await visitor.open(path);
    await visitor.signIn(username);
    return visitor;
  }
  const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { name });
  const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });
  const textOf = (page: Page) => page.getByRole("textbox", { name: "Text" });
  const secondTab = async (context: BrowserContext, path: string) => {
    const page = await context.newPage();
    await page.goto(`${server.url}${path}`);
    return page;
  };

  describe("what is written and not saved", () => {
    it("goes along when somebody gives the prompt another name, before it is saved and when it is", async () => {
      await server.local.savePrompt({ name: "drafts/old", text: "one" });
      const { page } = await visit("/prompts/drafts/old");
      await button(page, "Edit").click();
      await textOf(page).fill("written by ada");
      await server.local.renamePrompt("drafts/old", "drafts/new");
      await page.keyboard.press("Control+s");
      await page.getByText("It is called drafts/new now.").waitFor();
      await heading(page, "new").waitFor();
      expect(new URL(page.url()).pathname).toBe("/prompts/drafts/new");
      expect(await textOf(page).inputValue()).toBe("written by ada");
      await server.local.renamePrompt("drafts/new", "drafts/newer");
      await page.reload();
      await heading(page, "newer").waitFor();
      expect(await textOf(page).inputValue()).toBe("written by ada");
      await button(page, "Save version 2").click();
      await page.getByText("Saved as version 2.").waitFor();
      expect((await server.local.fetchPrompt("drafts/newer")).prompt.text).toBe("written by ada");
    });

    it("becomes a prompt of its own when the prompt is gone", async () => {
      await server.local.savePrompt({ name: "drafts/gone", text: "one" });
      const visitor = await visit("/prompts/drafts/gone");
      const { page } = visitor;
      await button(page, "Edit").click();
      await textOf(page).fill("not to be lost");
      await server.local.trashPrompt("drafts/gone");
      await button(page, "Save version 2").click();
      await heading(page, "What you wrote is still here").waitFor();
      expect(await visitor.inaccessible()).toEqual([]);
      await button(page, "Make it a new prompt").click();
      await heading(page, "New prompt").waitFor();
      expect(await textOf(page).inputValue()).toBe("not to be lost");
      await page.getByLabel("Name", { exact: true }).fill("drafts/again");
      await button(page, "Save").click();
      await page.getByText("Saved drafts/again.").waitFor();
    });

    it("in two tabs is two drafts, as soon as both are written on", async () => {
      await server.local.savePrompt({ name: "drafts/tabs", text: "one" });
      const visitor = await visit("/prompts/drafts/tabs");
      const first = visitor.page;
      await button(first, "Edit").click();
      await textOf(first).fill("begun");
      const second = await secondTab(first.context(), "/prompts/drafts/tabs");
      expect(await textOf(second).inputValue()).toBe("begun");
      // Who only looks sees what the other one writes.
      await textOf(first).fill("begun and continued");
      await eventually(async () => (await textOf(second).inputValue()) === "begun and continued");
      await textOf(second).fill("of the second tab");
      await eventually(async () => (await textOf(first).inputValue()) === "of the second tab");
      await second.close();
      // Another tab wrote, and this one has not heard of it yet: what is written where is told to other pages alone.
      await first.evaluate(`(() => {
        const key = Object.keys(localStorage).find((each) => each.includes("drafts/tabs"));
        localStorage.setItem(key, localStorage.getItem(key).replace(/"stamp":"/, '$&x').replace("second", "third"));
      })()`);
      await textOf(first).fill("of the first tab");
      const others = first.getByRole("region", { name: "Other drafts" });
      await others.getByText("of the third tab").waitFor();
      expect(await visitor.inaccessible()).toEqual([]);
      await button(first, "Go on with it").click();
      expect(await textOf(first).inputValue()).toBe("of the third tab");
      await others.getByText("of the first tab").waitFor();
      await button(first, "Throw it away").click();
      await others.waitFor({ state: "hidden" });
      await button(first, "Throw away").click();
      await button(first, "Edit").waitFor();
    });

    it("stays when it becomes a chat, and when it becomes a text again", async () => {
      const { page } = await visit("/new");
      await page.getByLabel("Name", { exact: true }).fill("drafts/types");
      await textOf(page).fill("Be kind to {{name}}");
      await page.getByLabel("Chat, with roles").check();
      const message = page.getByRole("textbox", { name: "Message 1, user" });
      expect(await message.inputValue()).toBe("Be kind to {{name}}");
      await button(page, "Add a message").click();
      await page.getByRole("textbox", { name: "Message 2, user" }).fill("Hello");
      await page.getByLabel("Text", { exact: true }).first().check();
      expect(await textOf(page).inputValue()).toBe("[user]\nBe kind to {{name}}\n\n[user]\nHello\n");
      await page.getByLabel("Chat, with roles").check();
      expect(await page.getByRole("textbox", { name: "Message 2, user" }).inputValue()).toBe("Hello");
      await button(page, "Throw away").click();
    });
  });

  it("a list that somebody scrolled far down is up to date when one comes back to it", async () => {
    await server.local.createProject({ name: "long" });
    const long = server.as(server.localToken, "long");
    await long.setMember("ada", "editor");
    for (let n = 0; n < 130; n++) await long.savePrompt({ name: `long/${String(n).padStart(3, "0")}`, text: "x" });
    const { page } = await visit("/?project=long");
    await page.getByText("130 prompts").waitFor();
    await eventually(async () => {
      await page.keyboard.press("End");
      return await page.getByRole("link", { name: "long/129" }).isVisible();
    });
    await page.getByRole("link", { name: "long/129" }).click();
    await heading(page, "129").waitFor();
    await long.trashPrompt("long/120");
    await page.goBack();
    await page.getByText("129 prompts").waitFor();
    await page.getByRole("link", { name: "long/121" }).waitFor();
    expect(await page.getByRole("link", { name: "long/120" }).count()).toBe(0);
  });
});
