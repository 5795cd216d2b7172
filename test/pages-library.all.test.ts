import { readFile } from "node:fs/promises";
import type { BrowserContext, Download, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { Client } from "../src/sdk/index.ts";
import { findChromium, type VisitOptions } from "./support/browser.ts";
import { pagesStage } from "./support/pages.ts";
import { eventually, type Served } from "./support/server.ts";

const path = findChromium();

/** Living in the library all day: several people, several tabs, much at once, and what goes wrong then. */
describe.skipIf(!path)("the library and its prompts, in Chromium", () => {
  const stage = pagesStage(path, { ada: "editor", bob: "viewer", cleo: "admin" });
  let server: Served;
  beforeAll(() => {
    ({ server } = stage);
  });
  const visit = (path: string, username = "ada", options?: VisitOptions) => stage.visit(path, username, options);
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
      await page.getByRole("link", { name: "Library", exact: true }).click();
      await page.getByRole("region", { name: "Not saved yet" }).getByRole("link", { name: "drafts/new" }).click();
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
      await page.evaluate(`(() => {
        let filling = "";
        for (let size = 2 ** 22; size >= 1; size /= 2) {
          try {
            localStorage.setItem("filling", filling + "x".repeat(size));
            filling += "x".repeat(size);
          } catch {}
        }
      })()`);
      await button(page, "Make it a new prompt").click();
      await page.getByText("This browser is full").waitFor();
      await page.getByText("not to be lost").waitFor();
      await page.evaluate('localStorage.removeItem("filling")');
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
      await page
        .locator(".drag-handle")
        .nth(1)
        .dragTo(page.locator("li.message").first(), { targetPosition: { x: 40, y: 6 } });
      expect(await message.inputValue()).toBe("Hello");
      await button(page, "Move message 1 down").click();
      expect(await message.inputValue()).toBe("Be kind to {{name}}");
      await button(page, "Throw away").click();
    });
  });

  it("two people on one prompt have what both wrote, and choose where they wrote on the same", async () => {
    await server.local.savePrompt({ name: "merge", text: "Dear customer,\nthank you.\nBye\n", config: { t: 0 } });
    const ada = await visit("/prompts/merge");
    const cleo = await visit("/prompts/merge", "cleo");
    for (const { page } of [ada, cleo]) await button(page, "Edit").click();
    await textOf(cleo.page).fill("Dear friend,\nthank you.\nSee you\n");
    await cleo.page.getByLabel("Why this version?").fill("Warmer");
    await button(cleo.page, "Save version 2").click();
    await cleo.page.getByText("Saved as version 2.").waitFor();

    const { page } = ada;
    await textOf(page).fill("Dear customer,\nthanks a lot.\nGoodbye\n");
    await page.keyboard.press("Control+s");
    const together = page.getByRole("region", { name: "Both together" });
    await together.getByText("Both of you changed one place").waitFor();
    expect(await ada.inaccessible()).toEqual([]);
    await together.getByLabel("Both, theirs first").check();
    await button(page, "Go on with both together").click();
    const merged = "Dear friend,\nthank you.\nSee you\nthanks a lot.\nGoodbye\n";
    await eventually(async () => (await textOf(page).inputValue()) === merged);
    await button(page, "Undo").click();
    await together.waitFor();
    expect(await textOf(page).inputValue()).toBe("Dear customer,\nthanks a lot.\nGoodbye\n");
    await together.getByLabel("Yours").check();
    await button(page, "Go on with both together").click();
    await button(page, "Save version 3").click();
    await page.getByText("Saved as version 3.").waitFor();
    expect((await server.local.fetchPrompt("merge")).prompt.text).toBe("Dear friend,\nthanks a lot.\nGoodbye\n");
  });

  it("a list that somebody scrolled far down is up to date when one comes back to it", async () => {
    await server.local.createProject({ name: "long" });
    const long = server.as(server.localToken, "long");
    await long.setMember("ada", "editor");
    await saveMany(
      long,
      Array.from({ length: 130 }, (_, n) => `long/${String(n).padStart(3, "0")}`),
    );
    await long.moveLabel("long/129", "far-down", 1);
    const { page } = await visit("/?project=long");
    await page.getByText("130 prompts").waitFor();
    // Of rows that are not loaded yet, too.
    await page.getByLabel("Label").selectOption("far-down");
    await page.getByText("1 prompt", { exact: true }).waitFor();
    await page.getByLabel("Label").selectOption("any");
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

  it("the list follows what others do, over one connection for all tabs, and does not move under who is at it", async () => {
    await server.local.createProject({ name: "live" });
    const live = server.as(server.localToken, "live");
    await live.setMember("ada", "editor");
    await saveMany(live, ["b", "d"]);
    const visitor = await visit("/?project=live");
    const first = visitor.page;
    const names = (page: Page) => page.locator(".row-name a").allTextContents();
    const listening = new Set<unknown>();
    first.context().on("request", (request) => request.url().includes("/api/changes") && listening.add(request));
    first.context().on("requestfinished", (request) => listening.delete(request));
    first.context().on("requestfailed", (request) => listening.delete(request));
    await first.reload();
    await first.getByText("2 prompts").waitFor();
    const second = await secondTab(first.context(), "/?project=live");
    await second.getByText("2 prompts").waitFor();
    await first.mouse.move(0, 0);
    await live.savePrompt({ name: "a", text: "x" });
    for (const page of [first, second]) await eventually(async () => (await names(page)).join() === "a,b,d");
    expect(listening.size).toBe(1);

    await first.locator(".row").nth(1).hover();
    await live.savePrompt({ name: "b", text: "y", labels: ["production"] });
    await live.savePrompt({ name: "aa", text: "x" });
    await eventually(async () => (await names(second)).join() === "a,aa,b,d");
    await button(first, "Show the changes").waitFor();
    expect(await names(first)).toEqual(["a", "b", "d"]);
    await first.locator(".row", { hasText: "production" }).waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(first, "Show the changes").click();
    await eventually(async () => (await names(first)).join() === "a,aa,b,d");

    await first.close();
    await eventually(async () => listening.size === 1);
    await live.trashPrompt("a");
    await eventually(async () => (await names(second)).join() === "aa,b,d");
  });

  it("many prompts are chosen by keyboard, told what will happen, and what became of each", async () => {
    await server.local.createProject({ name: "many" });
    const many = server.as(server.localToken, "many");
    await many.setMember("ada", "editor");
    for (const name of ["a/one", "a/two", "b/one", "b/three"]) await many.savePrompt({ name, text: "x" });
    await many.savePrompt({ name: "b/includes", text: "{{> a/two@latest}}", labels: ["production"] });
    await many.protectLabel("production");
    const visitor = await visit("/?project=many");
    const { page } = visitor;
    const known = Promise.withResolvers<void>();
    await page.route("**/api/protected-labels*", async (route) => {
      await known.promise;
      await route.continue();
    });
    const dialog = page.getByRole("dialog");
    const bar = page.getByRole("region", { name: "Chosen prompts" });
    // Not the one in the head of the dialog, which ends what is still running.
    const close = dialog.locator("button.primary", { hasText: "Close" });

    await page.getByRole("link", { name: "a/one" }).press("x");
    await bar.getByText("1 prompt chosen").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("x");
    await bar.getByText("2 prompts chosen").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "Tags …").click();
    await dialog.getByLabel("Add, separated by commas").fill("mail, neu");
    await dialog.getByText("has the tags mail, neu then").first().waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "Change").click();
    await dialog.getByText("2 prompts done.").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "Undo").click();
    await eventually(async () => (await dialog.getByText("was taken back").count()) === 2);
    expect((await many.fetchPrompt("a/one")).prompt.tags).toEqual([]);
    await close.click();
    await bar.waitFor({ state: "hidden" });

    await page.getByLabel("Choose all").check();
    await bar.getByText("5 prompts chosen").waitFor();
    await button(page, "Move to folder …").click();
    await dialog.getByLabel("Into which folder?").fill("c/");
    await dialog.getByText("left out: another one of these would be called c/one, too").first().waitFor();
    await dialog.getByText("Waits until it is known which labels are protected.").waitFor();
    known.resolve();
    await dialog.getByText("Those need the role admin and will be refused").click();
    await button(page, "Move (3)").click();
    await dialog.getByText("2 prompts done, 1 not.").waitFor();
    await dialog.getByText("is called c/two").waitFor();
    await dialog.locator("li[data-state=failed]", { hasText: "b/includes" }).waitFor();
    await close.click();
    await page.getByRole("link", { name: "c/three" }).waitFor();

    await page.getByRole("checkbox", { name: "Choose a/one" }).click();
    await page.getByRole("checkbox", { name: "Choose c/two" }).click({ modifiers: ["Shift"] });
    await bar.getByText("5 prompts chosen").waitFor();
    await button(page, "Trash …").click();
    expect(await visitor.inaccessible()).toEqual([]);
    await dialog.getByRole("checkbox").check();
    await button(page, "Move to the trash").click();
    await dialog.getByText(/prompts done, 2 not\./).waitFor();
    await close.click();
    await page.getByText("2 prompts", { exact: true }).waitFor();
    expect((await many.listTrash()).total).toBe(3);
  });

  it("hundreds of folders are a tree in which one finds the way, and the address says where one is", async () => {
    await server.local.createProject({ name: "folders" });
    const folders = server.as(server.localToken, "folders");
    await folders.setMember("bob", "viewer");
    await saveMany(
      folders,
      Array.from({ length: 240 }, (_, n) => `team ${n}/deep/${n}`),
    );
    const visitor = await visit("/?project=folders", "bob");
    const { page } = visitor;
    const tree = page.getByRole("list", { name: "Folders" });
    await tree.getByRole("button", { name: "team 99/" }).waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.getByLabel("Find a folder").fill("TEAM 23");
    await button(page, "Folders in team 235").press("Enter");
    await tree.getByRole("button", { name: "deep/" }).press("Enter");
    await page.getByText("1 prompt", { exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.get("folder")).toBe("team 235/deep");
    await page.reload();
    await tree.getByRole("button", { name: "deep/", expanded: undefined }).waitFor();
    expect(await page.locator(".folder-name[aria-current=true]").textContent()).toContain("deep/");
    await button(page, "All prompts").click();
    await page.getByText("240 prompts").waitFor();
    expect(await page.getByRole("checkbox").count()).toBe(0);
  });

  it("files are dropped, looked at, imported and reported; what cannot be imported is kept as a table", async () => {
    await server.local.createProject({ name: "bring" });
    const bring = server.as(server.localToken, "bring");
    await bring.setMember("cleo", "admin");
    await bring.savePrompt({ name: "Old one", text: "before" });
    const visitor = await visit("/import?project=bring", "cleo");
    const { page } = visitor;
    await heading(page, "Import").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    const csv = 'act,prompt\nNew one,"Hello ${name:you}"\nOld one,after\nBad one,\n';
    await drop(page, "list.csv", csv);
    const plan = page.getByRole("region", { name: "What will change" });
    await plan.getByText("1 cannot be imported, 1 get a new version, 1 new.").waitFor();
    await plan.getByText("the prompt is empty").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    expect((await bring.listPrompts()).total).toBe(1);
    const [table] = await Promise.all([
      page.waitForEvent("download"),
      button(page, "Download what cannot be imported").click(),
    ]);
    expect(await contentOf(table)).toBe(
      "\ufeffpath,line,name,result,version,reason,notes\r\nlist.csv,4,Bad one,rejected,,the prompt is empty,\r\n",
    );
    await button(page, "Import 2 changes").click();
    await page.getByRole("region", { name: "What was done" }).getByText("1 not imported").first().waitFor();
    expect((await bring.fetchPrompt("New one")).prompt.text).toBe("Hello {{name}}");
    expect((await bring.fetchPrompt("Old one")).prompt).toMatchObject({ text: "after", author: "user:cleo" });

    // All of it goes out, and comes into another project as it was.
    await visitor.open("/export?project=bring");
    await heading(page, "Export").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    const [exported] = await Promise.all([
      page.waitForEvent("download"),
      page.getByText("Download the export").click(),
    ]);
    expect(exported.suggestedFilename()).toMatch(/^bring-\d{4}-\d\d-\d\d\.ndjson$/);
    const [bundle] = await Promise.all([
      page.waitForEvent("download"),
      page
        .getByLabel(/Only what has the label/)
        .fill("")
        .then(() => button(page, "Download the bundle").click()),
    ]);
    expect(JSON.parse(await contentOf(bundle)).prompts).toHaveLength(2);
    await server.local.createProject({ name: "brought" });
    const brought = server.as(server.localToken, "brought");
    await brought.setMember("cleo", "admin");
    await visitor.open("/import?project=brought");
    await page.getByLabel("Files to import").setInputFiles(await exported.path().then((path) => path ?? ""));
    await page.getByLabel("Format").selectOption("promptlib");
    await button(page, "Import 2 changes").click();
    await page.getByText("2 new.").waitFor();
    expect(await Array.fromAsync(brought.exportPrompts())).toEqual(await Array.fromAsync(bring.exportPrompts()));
  });

  it("what was given last is imported, and goes on while one looks at another page, where its end is told", async () => {
    await server.local.createProject({ name: "left" });
    const left = server.as(server.localToken, "left");
    await left.setMember("cleo", "admin");
    const { page } = await visit("/import?project=left", "cleo");
    await heading(page, "Import").waitFor();
    // One that is slow to be looked into is not what was dropped last.
    await page.evaluate(`(() => {
      const text = File.prototype.text;
      File.prototype.text = async function () {
        await new Promise((resolve) => { window.lookOn = resolve; });
        const said = await text.call(this);
        setTimeout(() => { window.wasLooked = true; }, 50);
        return said;
      };
    })()`);
    await drop(page, "slow.json", "[]");
    await eventually(() => page.evaluate<boolean>("window.lookOn !== undefined"));
    await drop(page, "later.csv", "act,prompt\nLeft alone,It goes on\n");
    await page.getByRole("region", { name: "What will change" }).getByText("1 new.").waitFor();
    await page.evaluate("window.lookOn()");
    await eventually(() => page.evaluate<boolean>("window.wasLooked !== undefined"));
    expect(await page.getByRole("region", { name: "What is imported" }).textContent()).toContain("later.csv");
    // Whoever goes to another page does not end the import by that.
    const gate = Promise.withResolvers<void>();
    await page.route("**/api/import?*", async (route) => {
      await gate.promise;
      await route.continue();
    });
    await button(page, "Import 1 change").click();
    await page.getByRole("link", { name: "Prompt Library" }).first().click();
    await page.getByText("The import into left goes on.").waitFor();
    gate.resolve();
    await page.getByText("Imported into left: 1 new.").waitFor();
    await page.unroute("**/api/import?*");
    expect((await left.fetchPrompt("Left alone")).prompt.text).toBe("It goes on");
  });

  it("what is in the trash is brought back, or says why not", async () => {
    await server.local.createProject({ name: "trash" });
    const trash = server.as(server.localToken, "trash");
    await trash.setMember("ada", "editor");
    for (const name of ["one", "two"]) {
      await trash.savePrompt({ name, text: "x" });
      await trash.trashPrompt(name);
    }
    await trash.savePrompt({ name: "two", text: "another one" });
    const visitor = await visit("/trash?project=trash");
    const { page } = visitor;
    await page.getByText("2 prompts, with all their versions").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "Bring back two").click();
    await page.getByText("Another prompt has taken this name since.").waitFor();
    await button(page, "Bring back one").click();
    await page.getByText("one is back.").waitFor();
    await page.getByText("1 prompt, with all its versions").waitFor();
    await button(page, "Go to it").click();
    await heading(page, "one").waitFor();

    await trash.setMember("cleo", "admin");
    const cleo = await visit("/trash?project=trash", "cleo");
    await button(cleo.page, "Purge two").click();
    expect(await button(cleo.page, "Purge it").isDisabled()).toBe(true);
    await cleo.page.getByLabel("Yes, it shall be gone.").check();
    expect(await cleo.inaccessible()).toEqual([]);
    await button(cleo.page, "Purge it").click();
    await cleo.page.getByText("two is purged.").waitFor();
    await heading(cleo.page, "The trash is empty").waitFor();
    expect((await trash.listTrash()).total).toBe(0);
  });
});

async function saveMany(client: Client, names: readonly string[]): Promise<void> {
  async function* pieces() {
    const versions = names.map((name) => ({ name, version: 1, type: "text", prompt: "x" }));
    yield { path: "all.json", content: JSON.stringify(versions) };
  }
  for await (const line of client.importPrompts(pieces(), { format: "langfuse" })) {
    if ("summary" in line) expect(line.summary.created).toBe(names.length);
  }
}

/** As if a file was dragged out of a folder onto the page. */
async function drop(page: Page, name: string, content: string): Promise<void> {
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

async function contentOf(download: Download): Promise<string> {
  return await readFile(await download.path(), "utf8");
}
