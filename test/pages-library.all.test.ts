import type { Page, Request } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { Client } from "../src/sdk/index.ts";
import { findChromium, type VisitOptions } from "./support/browser.ts";
import { button, heading, pagesStage, see } from "./support/pages.ts";
import { eventually } from "./support/server.ts";

const path = findChromium();

/** Whether the page searched before the task that follows an input's was run; null: it has not searched. */
const ASKED_IN_EVENT = `
  globalThis.askedInEvent = null;
  const { port1, port2 } = new MessageChannel();
  let isOver = false;
  port1.onmessage = () => { isOver = true; };
  addEventListener("input", () => { isOver = false; port2.postMessage(null); }, true);
  const { fetch } = globalThis;
  globalThis.fetch = (input, init) => {
    if (String(input).includes("search=")) askedInEvent ??= !isOver;
    return fetch(input, init);
  };
`;

/** Living in the library all day: several people, several tabs, much at once, and what goes wrong then. */
describe.skipIf(!path)("the library and its prompts, in Chromium", () => {
  const stage = pagesStage(path, { ada: "editor", bob: "viewer", cleo: "admin" });
  const visit = (path: string, username = "ada", options?: VisitOptions) => stage.visit(path, username, options);

  it("a list that somebody scrolled far down is up to date when one comes back to it", async () => {
    const long = await stage.project("long", { ada: "editor" });
    await saveMany(
      long,
      Array.from({ length: 130 }, (_, n) => `long/${String(n).padStart(3, "0")}`),
    );
    await long.moveLabel("long/129", "far-down", 1);
    const { page } = await visit("/?project=long");
    await page.getByText("130 prompts").waitFor();
    // What is found is drawn where it is in view, and soon after some way beyond that.
    const find = page.getByLabel("Find", { exact: true });
    await find.fill("long");
    await page.locator(".row mark").first().waitFor();
    await eventually(async () => {
      const { y = 0 } = (await page.locator(".row").last().boundingBox()) ?? {};
      return y > 800 + 8 * 60;
    });
    await find.fill("");
    await find.blur();
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

  it("more of a list that could not be loaded is asked for when somebody wants it, not without end", async () => {
    const broken = await stage.project("broken", { ada: "editor" });
    await saveMany(
      broken,
      Array.from({ length: 60 }, (_, n) => `${n}`.padStart(2, "0")),
    );
    const { page } = await visit("/?project=broken");
    let asked = 0;
    const later = /api\/prompts\?.*cursor=/;
    await page.route(later, async (route) => {
      asked += 1;
      await route.fulfill({ status: 500, json: { error: { code: "internal", message: "It broke." } } });
    });
    await page.getByText("60 prompts").waitFor();
    await page.keyboard.press("End");
    await page.getByText("It broke.").waitFor();
    // Meanwhile it would have asked again.
    await page.evaluate(`(async () => { for (let n = 0; n < 20; n += 1) await fetch("/api/system/health"); })()`);
    expect(asked).toBe(1);
    await page.keyboard.press("Home");
    await page.getByRole("link", { name: "00" }).waitFor();
    await page.keyboard.press("End");
    await eventually(async () => asked > 1);
    await page.unroute(later);
    await button(page, "Try again").click();
    await button(page, "Try again").waitFor({ state: "hidden" });
    await eventually(async () => {
      await page.keyboard.press("End");
      return await page.getByRole("link", { name: "59" }).isVisible();
    });
  });

  it("the list follows what others do, over one connection for all tabs, and does not move under who is at it", async () => {
    const live = await stage.project("live", { ada: "editor" });
    await saveMany(live, ["b", "d"]);
    const visitor = await visit("/?project=live");
    const first = visitor.page;
    // A list is looked at the more seldom the longer a look takes: on a busy machine it follows late.
    first.context().setDefaultTimeout(60_000);
    const names = (page: Page) => page.locator(".row-name a").allTextContents();
    const follows = async (page: Page, wanted: string) =>
      await expect.poll(async () => (await names(page)).join(), { timeout: 60_000 }).toBe(wanted);
    const asked = new Map<Request, Page>();
    first.context().on("request", (request) => {
      if (request.url().includes("/api/changes")) asked.set(request, request.frame().page());
    });
    first.context().on("requestfinished", (request) => asked.delete(request));
    first.context().on("requestfailed", (request) => asked.delete(request));
    const listening = () => [...asked.values()].filter((page) => !page.isClosed());
    const [listens] = await Promise.all([first.waitForRequest(/\/api\/changes/), first.reload()]);
    // It goes on from before anything was loaded: else all of that would have to be looked at again.
    expect(await listens.headerValue("last-event-id")).toMatch(/\d/);
    await first.getByText("2 prompts").waitFor();
    const second = await stage.secondTab(first, "/?project=live");
    await second.getByText("2 prompts").waitFor();
    await first.mouse.move(0, 0);
    await live.savePrompt({ name: "a", text: "x" });
    for (const page of [first, second]) await follows(page, "a,b,d");
    await eventually(
      async () =>
        listening()
          .map((page) => page === first)
          .join() === "true",
    );

    // Nobody looks at the second one: it asks for nothing until somebody does.
    await see(second, false);
    // It would not wait, so what it asked for would be seen before the first one looks.
    await second.evaluate(`(() => {
      const own = setTimeout;
      window.setTimeout = (work, ms) => own(work, ms > 15000 ? ms : 0);
    })()`);
    const asks: string[] = [];
    second.on("request", (request) => {
      if (!request.url().endsWith("/health")) asks.push(request.url());
    });
    await first.locator(".row").nth(1).hover();
    await live.savePrompt({ name: "b", text: "y", labels: ["production"] });
    await live.savePrompt({ name: "aa", text: "x" });
    await button(first, "Show the changes").waitFor();
    expect(asks).toEqual([]);
    await see(second, true);
    await follows(second, "a,aa,b,d");
    expect(await names(first)).toEqual(["a", "b", "d"]);
    await first.locator(".row", { hasText: "production" }).waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    // Who presses it by keyboard is still in the list when it is gone.
    await first.getByRole("status").getByRole("button", { name: "Show the changes" }).press("Enter");
    await follows(first, "a,aa,b,d");
    await first.locator(".count:focus").waitFor();

    await first.close();
    await eventually(async () => listening().length === 1 && listening()[0] === second);
    await live.trashPrompt("a");
    await follows(second, "aa,b,d");
  });

  it("what is typed is asked for in the very event of its key, not once the page has time", async () => {
    const { page } = await visit("/");
    await heading(page, "Library").waitFor();
    await page.evaluate(ASKED_IN_EVENT);
    await page.getByLabel("Find", { exact: true }).press("e");
    await eventually(async () => (await page.evaluate("askedInEvent")) !== null);
    expect(await page.evaluate("askedInEvent")).toBe(true);
  });

  it("many prompts are chosen by keyboard, told what will happen, and what became of each", async () => {
    const many = await stage.project("many", { ada: "editor" });
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
    expect(await visitor.inaccessible()).toEqual([]);
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

  it("what is chosen in a project, or still on its way to be, is not chosen in another", async () => {
    const names = Array.from({ length: 40 }, (_, n) => `${n}`.padStart(2, "0"));
    for (const name of ["here", "there"]) {
      const project = await stage.project(name, { ada: "editor" });
      await saveMany(project, names);
    }
    const { page } = await visit("/?project=here");
    const project = page.getByRole("combobox", { name: "Project" });
    const chosen = page.getByRole("checkbox", { name: /^Choose \d\d$/, checked: true });
    const bar = page.getByRole("region", { name: "Chosen prompts" });
    await page.getByRole("checkbox", { name: "Choose 00" }).check();
    await bar.getByText("1 prompt chosen").waitFor();
    await project.selectOption("there");
    await page.getByRole("checkbox", { name: "Choose 00" }).waitFor();
    await bar.waitFor({ state: "hidden" });
    expect(await chosen.count()).toBe(0);
    await page.goBack();
    await page.waitForURL(/project=here/);
    await page.getByRole("checkbox", { name: "Choose 00" }).waitFor();
    expect([await project.inputValue(), await chosen.count()]).toEqual(["here", 0]);

    const gate = Promise.withResolvers<void>();
    await page.route(/api\/prompts\?.*limit=200/, async (route) => {
      await gate.promise;
      await route.continue();
    });
    const [asked] = await Promise.all([page.waitForRequest(/limit=200/), page.getByLabel("Choose all").click()]);
    await project.selectOption("there");
    await page.getByRole("checkbox", { name: "Choose 01" }).check();
    gate.resolve();
    await (await asked.response())?.finished();
    await page.getByRole("checkbox", { name: "Choose 02" }).check();
    await bar.getByText("2 prompts chosen").waitFor();
    expect(await chosen.count()).toBe(2);
  });

  it("what is still on its way to be chosen is not any more once one looks for something else", async () => {
    const filtered = await stage.project("filtered", { ada: "editor" });
    await saveMany(
      filtered,
      Array.from({ length: 40 }, (_, n) => `${n}`.padStart(2, "0")),
    );
    await filtered.patchPrompt("00", { tags: ["few"] });
    const { page } = await visit("/?project=filtered");
    await page.getByRole("checkbox", { name: "Choose 01" }).waitFor();
    const gate = Promise.withResolvers<void>();
    await page.route(/api\/prompts\?.*limit=200/, async (route) => {
      await gate.promise;
      await route.continue();
    });
    const [asked] = await Promise.all([page.waitForRequest(/limit=200/), page.getByLabel("Choose all").click()]);
    await page.getByLabel("Tag").selectOption("few");
    await page.getByText("1 prompt", { exact: true }).waitFor();
    gate.resolve();
    await (await asked.response())?.finished();
    await page.getByRole("checkbox", { name: "Choose 00" }).check();
    await page.getByRole("region", { name: "Chosen prompts" }).getByText("1 prompt chosen").waitFor();
    await page.getByLabel("Tag").selectOption("");
    await page.getByText("40 prompts", { exact: true }).waitFor();
    expect(await page.getByRole("checkbox", { name: /^Choose \d\d$/, checked: true }).count()).toBe(1);
  });

  it("which labels are protected is asked until it is known", async () => {
    const unknown = await stage.project("unknown", { ada: "editor" });
    await unknown.savePrompt({ name: "one", text: "x" });
    const { page } = await visit("/?project=unknown");
    const lists = "**/api/protected-labels*";
    await page.route(lists, (route) =>
      route.fulfill({ status: 500, json: { error: { code: "internal", message: "Something failed.", hint: "" } } }),
    );
    await page.getByRole("checkbox", { name: "Choose one" }).check();
    await Promise.all([page.waitForResponse(lists), button(page, "Label …").click()]);
    await page.getByRole("dialog").getByLabel("Label", { exact: true }).fill("production");
    await page.getByText("Waits until it is known which labels are protected.").waitFor();
    await page.unroute(lists);
    await eventually(async () => {
      await see(page, true);
      return await button(page, "Put it on").isEnabled();
    });
  });

  it("a label is put on many prompts at once, on the newest version or the one with another label", async () => {
    const labels = await stage.project("labels", { ada: "editor" });
    for (const name of ["one", "two"]) await labels.savePrompt({ name, text: "1", labels: ["staging"] });
    for (const name of ["one", "two", "three"]) await labels.savePrompt({ name, text: "2" });
    const visitor = await visit("/?project=labels");
    const { page } = visitor;
    const dialog = page.getByRole("dialog");
    const versions = () =>
      Promise.all(["one", "two"].map(async (name) => (await labels.readLabel(name, "production")).version));
    for (const name of ["one", "two"]) await page.getByRole("checkbox", { name: `Choose ${name}` }).check();
    await button(page, "Label …").click();
    await dialog.getByLabel("Label", { exact: true }).fill("Not a label");
    expect(await button(page, "Put it on").isDisabled()).toBe(true);
    await dialog.getByLabel("Label", { exact: true }).fill("production");
    await dialog.getByLabel("On which version of each?").selectOption("staging");
    await dialog.getByText("version 1").first().waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "Put it on").click();
    await dialog.getByText("2 prompts done.").waitFor();
    expect(await versions()).toEqual([1, 1]);
    await dialog.locator("button.primary", { hasText: "Close" }).click();
    await page.locator(".row", { hasText: "two" }).getByText("production").waitFor();
    expect(await page.locator(".row", { hasText: "three" }).getByText("production").count()).toBe(0);

    for (const name of ["one", "two"]) await page.getByRole("checkbox", { name: `Choose ${name}` }).check();
    await button(page, "Label …").click();
    await dialog.getByLabel("Label", { exact: true }).fill("production");
    const gate = Promise.withResolvers<void>();
    await page.route("**/api/prompts/one/labels/production?*", async (route) => {
      await gate.promise;
      await route.continue();
    });
    await button(page, "Put it on").click();
    await dialog.getByText("1 prompt done, 1 to come.").waitFor();
    // A second Escape no page may prevent: what is on its way is seen to its end, and what was done can be taken back.
    for (let n = 0; n < 3; n += 1) await page.keyboard.press("Escape");
    await dialog.getByText("1 prompt done, 1 to come.").waitFor();
    gate.resolve();
    await dialog.getByText("2 prompts done.").waitFor();
    expect(await versions()).toEqual([2, 2]);
    // What could not be taken back is still done, and is taken back the next time.
    const undoing = "**/api/prompts/one/labels/production/undo*";
    await page.route(undoing, (route) => route.abort());
    await button(page, "Undo").click();
    await dialog.locator("li[data-state=done]", { hasText: "not taken back: The server" }).waitFor();
    await dialog.getByText("1 prompt done, 1 not.").waitFor();
    await page.unroute(undoing);
    await button(page, "Undo").click();
    await eventually(async () => (await dialog.getByText("was taken back").count()) === 2);
    expect(await versions()).toEqual([1, 1]);
  });

  it("hundreds of folders are a tree in which one finds the way, and the address says where one is", async () => {
    const folders = await stage.project("folders", { bob: "viewer" });
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

  it("what is in the trash is brought back, or says why not, and what others move there comes by itself", async () => {
    const trash = await stage.project("trash", { ada: "editor" });
    for (const name of ["one", "two"]) {
      await trash.savePrompt({ name, text: "x" });
      await trash.trashPrompt(name);
    }
    await trash.savePrompt({ name: "two", text: "another one" });
    await trash.savePrompt({ name: "three", text: "x" });
    const visitor = await visit("/trash?project=trash");
    const { page } = visitor;
    await page.getByText("2 prompts, with all their versions").waitFor();
    const { id } = await trash.trashPrompt("three");
    await page.getByText("3 prompts, with all their versions").waitFor({ timeout: 90_000 });
    await trash.purgePrompt(id);
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
