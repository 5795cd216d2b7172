import { existsSync } from "node:fs";
import type { Request } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { mirrorFile } from "../src/library/mirror-file.ts";
import { findChromium, type VisitOptions } from "./support/browser.ts";
import type { DatabaseProxy } from "./support/database-proxy.ts";
import { freePort } from "./support/free-port.ts";
import { button, heading, more, pagesStage, see, textOf } from "./support/pages.ts";
import { eventually, type Served, serveOn } from "./support/server.ts";

const path = findChromium();
/** Then this browser has no room for one letter more. */
const FILLING = `(() => {
  let filling = "";
  for (let size = 2 ** 22; size >= 1; size /= 2) {
    try {
      localStorage.setItem("filling", filling + "x".repeat(size));
      filling += "x".repeat(size);
    } catch {}
  }
})()`;

/** Nothing that somebody wrote is lost: while others write, in several tabs, and when database or server die under it. */
describe.skipIf(!path)("what is written and not saved, in Chromium", () => {
  const stage = pagesStage(path, { ada: "editor", cleo: "admin" });
  let server: Served;
  let proxy: DatabaseProxy;
  beforeAll(() => {
    ({ server, proxy } = stage);
  });
  const inMirror = (name: string) =>
    eventually(async () => existsSync(mirrorFile(server.config.home.prompts, "default", name)));
  const visit = (path: string, username: string | null = "ada", options?: VisitOptions) =>
    stage.visit(path, username, options);

  it("what is written goes along when somebody gives the prompt another name, before it is saved and when it is", async () => {
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

  it("what is taken back after its page was left is found where one is: in the library, and at the prompt", async () => {
    await server.local.savePrompt({ name: "drafts/left", text: "one" });
    const { page } = await visit("/prompts/drafts/left");
    const unsaved = page.getByRole("region", { name: "Not saved yet" });
    await button(page, "Edit").click();
    await textOf(page).fill("thrown away too soon");
    await button(page, "Throw away").click();
    await page.getByRole("link", { name: "Library", exact: true }).click();
    await page.getByText("Thrown away.").waitFor();
    expect(await unsaved.count()).toBe(0);
    await button(page, "Undo").click();
    await unsaved.getByRole("link", { name: "drafts/left" }).click();
    expect(await textOf(page).inputValue()).toBe("thrown away too soon");
    await button(page, "Throw away").click();
    await page.getByRole("link", { name: "Library", exact: true }).click();
    await page.getByRole("link", { name: "drafts/left" }).click();
    await button(page, "Edit").waitFor();
    await button(page, "Undo").click();
    await page.getByRole("region", { name: "Other drafts" }).getByText("thrown away too soon").waitFor();
    await button(page, "Throw it away").click();
  });

  it("what is written becomes a prompt of its own when the prompt is gone", async () => {
    await server.local.savePrompt({ name: "drafts/gone", text: "one" });
    const visitor = await visit("/new");
    const { page } = visitor;
    // Begun before, and left: another one stands in its place then.
    await page.getByLabel("Name", { exact: true }).fill("drafts/begun");
    await textOf(page).fill("begun before");
    await page.getByRole("link", { name: "Library", exact: true }).click();
    await page.getByRole("link", { name: "drafts/gone" }).click();
    await button(page, "Edit").click();
    await textOf(page).fill("not to be lost");
    await server.local.trashPrompt("drafts/gone");
    await button(page, "Save version 2").click();
    await heading(page, "What you wrote is still here").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.evaluate(FILLING);
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
    await page.getByRole("link", { name: "Library", exact: true }).click();
    await page.getByRole("region", { name: "Not saved yet" }).getByRole("link", { name: "drafts/begun" }).click();
    expect(await textOf(page).inputValue()).toBe("begun before");
    await button(page, "Throw away").click();
  });

  it("what is saved, renamed or trashed late is said where one went meanwhile, and brings nobody back", async () => {
    for (const name of ["late/one", "late/two"]) await server.local.savePrompt({ name, text: "x" });
    const { page } = await visit("/prompts/late/one");
    /** Does it with slow answers, goes elsewhere, and hears of it there. */
    const late = async (begin: () => Promise<void>, leave: () => Promise<void>, said: string) => {
      const gate = Promise.withResolvers<void>();
      const isWrite = (request: Request) => request.method() !== "GET";
      await page.route(/\/api\/prompts?\b/, async (route) => {
        if (isWrite(route.request())) await gate.promise;
        await route.continue();
      });
      await Promise.all([page.waitForRequest(isWrite), begin()]);
      await leave();
      const address = page.url();
      gate.resolve();
      await page.getByText(said).waitFor();
      expect(page.url()).toBe(address);
      await page.unrouteAll();
    };
    const toLibrary = async () => {
      await page.getByRole("link", { name: "Library", exact: true }).click();
      await heading(page, /^Library$/).waitFor();
    };
    await button(page, "Edit").click();
    await textOf(page).fill("y");
    await late(() => button(page, "Save version 2").click(), toLibrary, "Saved as version 2 of late/one.");
    await page.getByRole("region", { name: "Not saved yet" }).waitFor({ state: "hidden" });
    await page.goBack();
    await heading(page, "one").waitFor();
    await button(page, "Edit").click();
    await textOf(page).fill("z");
    const toFirst = async () => {
      await page.getByRole("link", { name: "Version 1", exact: true }).click();
      await page.waitForURL("**/late/one?version=1");
    };
    await late(() => button(page, "Save version 3").click(), toFirst, "Saved as version 3.");
    await page.getByRole("region", { name: "Version 1" }).waitFor();

    const rename = await more(page, "Rename or move …");
    await rename.getByLabel("Name; a / makes folders").fill("late/renamed");
    const leaveDialog = async () => {
      await page.keyboard.press("Escape");
      await rename.waitFor({ state: "hidden" });
      await toLibrary();
    };
    await late(
      () => rename.getByRole("button", { name: "Rename" }).click(),
      leaveDialog,
      "It is called late/renamed now",
    );
    // Also that it did not work.
    await page.getByRole("link", { name: "late/renamed" }).click();
    const again = await more(page, "Rename or move …");
    await again.getByLabel("Name; a / makes folders").fill("late/two");
    await late(() => again.getByRole("button", { name: "Rename" }).click(), leaveDialog, "Not done: ");

    await page.getByRole("link", { name: "late/two" }).click();
    const trash = await more(page, "To the trash …");
    const stay = async () => {
      await page.keyboard.press("Escape");
      await trash.waitFor({ state: "hidden" });
    };
    await late(
      () => trash.getByRole("button", { name: "Move to the trash" }).click(),
      stay,
      "late/two is in the trash.",
    );

    await page.goto(`${server.url}/new`);
    await page.getByLabel("Name", { exact: true }).fill("late/new");
    await textOf(page).fill("z");
    await late(() => button(page, "Save").click(), toLibrary, "Saved late/new.");
  });

  it("what is written in two tabs is two drafts, as soon as both are written on", async () => {
    await server.local.savePrompt({ name: "drafts/tabs", text: "one" });
    const visitor = await visit("/prompts/drafts/tabs");
    const first = visitor.page;
    await button(first, "Edit").click();
    await textOf(first).fill("begun");
    const second = await stage.secondTab(first, "/prompts/drafts/tabs");
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
    await button(first, "Undo").click();
    await others.getByText("of the first tab").waitFor();
    await button(first, "Throw it away").click();
    await others.waitFor({ state: "hidden" });
    await button(first, "Throw away").click();
    await button(first, "Edit").waitFor();
    await button(first, "Undo").click();
    await textOf(first).waitFor();
    expect(await textOf(first).inputValue()).toBe("of the third tab");
    await button(first, "Throw away").click();
    await button(first, "Edit").waitFor();
  });

  it("what is written stays when it becomes a chat, and when it becomes a text again", async () => {
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
    await eventually(async () => (await message.inputValue()) === "Hello");
    await button(page, "Move message 1 down").click();
    expect(await message.inputValue()).toBe("Be kind to {{name}}");
    await button(page, "Take out message 1").click();
    await page.getByText("Message 1 is taken out.").waitFor();
    expect(await message.inputValue()).toBe("Hello");
    expect(await page.locator("ol.messages:focus").count()).toBe(1);
    await message.fill("Hello again");
    await button(page, "Undo").click();
    await page.getByRole("textbox", { name: "Message 2, user" }).waitFor();
    expect(await message.inputValue()).toBe("Be kind to {{name}}");
    expect(await page.getByRole("textbox", { name: "Message 2, user" }).inputValue()).toBe("Hello again");
    await button(page, "Throw away").click();
  });

  it("what is half typed is kept over a reload, and nothing is saved before it is whole", async () => {
    await server.local.savePrompt({ name: "drafts/half", text: "Hello {{n}}", config: { t: 0 } });
    const { page } = await visit("/prompts/drafts/half");
    await button(page, "Edit").click();
    const config = page.getByLabel("Free JSON for your application");
    await config.fill('{ "t": 1');
    await page.getByText("The configuration is no JSON object yet.").waitFor();
    expect(await button(page, "Save version 2").isDisabled()).toBe(true);
    await page.getByText("Variables (1)").click();
    await page.getByRole("combobox", { name: /^Type/ }).selectOption("number");
    await page.getByRole("textbox", { name: /^Default/ }).fill("4x");
    await page.reload();
    expect(await config.inputValue()).toBe('{ "t": 1');
    await config.fill('{ "t": 1 }');
    await page.getByText("The default of “n” must be a number").waitFor();
    expect(await button(page, "Save version 2").isDisabled()).toBe(true);
    await page.getByRole("textbox", { name: /^Default/ }).fill("4");
    await button(page, "Save version 2").click();
    await page.getByText("Saved as version 2.").waitFor();
    expect((await server.local.fetchPrompt("drafts/half")).prompt).toMatchObject({
      config: { t: 1 },
      variables: { n: { type: "number", default: 4 } },
    });
  });

  it("a new prompt whose name somebody took meanwhile is kept, and leads to theirs", async () => {
    const visitor = await visit("/new");
    const { page } = visitor;
    await page.getByLabel("Name", { exact: true }).fill("taken/meanwhile");
    await textOf(page).fill("Mine");
    await server.local.savePrompt({ name: "taken/meanwhile", text: "Theirs" });
    await button(page, "Save").click();
    await page.getByRole("alert").getByText("A prompt of this name exists already").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    expect(await textOf(page).inputValue()).toBe("Mine");
    expect((await server.local.fetchPrompt("taken/meanwhile")).prompt).toMatchObject({ text: "Theirs", newest: 1 });
    await page.getByRole("link", { name: "taken/meanwhile" }).click();
    await page.getByText("Theirs").first().waitFor();
    await visitor.open("/new");
    expect(await textOf(page).inputValue()).toBe("Mine");
    await page.getByLabel("Name", { exact: true }).fill("taken/no more");
    await button(page, "Save").click();
    await page.getByText("Saved taken/no more.").waitFor();
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
    const before = "Dear customer,\nthanks a lot.\nGoodbye\n";
    expect(await textOf(page).inputValue()).toBe(before);
    const others = page.getByRole("region", { name: "Other drafts" });
    expect(await others.count()).toBe(0);

    // What was written since the merge, or is written on in its place, stays beside what is taken back.
    const mergeAgain = async () => {
      await together.getByLabel("Yours").check();
      await button(page, "Go on with both together").click();
      await together.waitFor({ state: "hidden" });
    };
    await mergeAgain();
    await page.evaluate(FILLING);
    await textOf(page).fill("written since, and more than this browser has room for");
    await button(page, "Undo").click();
    await page.getByText("This browser has no room for both.").waitFor();
    expect(await textOf(page).inputValue()).toContain("written since");
    await page.evaluate('localStorage.removeItem("filling")');
    await textOf(page).fill("written since");
    await button(page, "Undo").click();
    await together.waitFor();
    expect(await textOf(page).inputValue()).toBe(before);
    await mergeAgain();
    await button(page, "Go on with it").click();
    await eventually(async () => (await textOf(page).inputValue()) === "written since");
    await button(page, "Undo").click();
    await together.waitFor();
    expect(await textOf(page).inputValue()).toBe(before);
    await others.getByText("written since").waitFor();
    await others.getByText("Dear friend, thanks a lot.").waitFor();
    await mergeAgain();
    await button(page, "Save version 3").click();
    await page.getByText("Saved as version 3.").waitFor();
    expect((await server.local.fetchPrompt("merge")).prompt.text).toBe("Dear friend,\nthanks a lot.\nGoodbye\n");
  });

  it("what was begun on a version that was redacted since stands beside what is saved, and says why not more", async () => {
    await server.local.savePrompt({ name: "drafts/redacted", text: "a secret" });
    const { page } = await visit("/prompts/drafts/redacted");
    await button(page, "Edit").click();
    await textOf(page).fill("no secret, by ada");
    await server.local.savePrompt({ name: "drafts/redacted", text: "no secret" });
    await server.local.redactVersion("drafts/redacted", 1, "a secret");
    await page.keyboard.press("Control+s");
    const conflict = page.getByRole("region", { name: "Somebody saved meanwhile" });
    await conflict.waitFor();
    await page.reload();
    await conflict.getByRole("alert").getByText("Both cannot be put together.").waitFor();
    await conflict.getByText(/Version 1 was redacted/).waitFor();
    await button(page, "Go on with mine").click();
    await button(page, "Save version 3").click();
    await page.getByText("Saved as version 3.").waitFor();
  });

  it("while the database is away one reads on and loses nothing, and all returns by itself", async () => {
    await server.local.savePrompt({ name: "outage", text: "before", labels: ["production"] });
    await inMirror("outage");
    const visitor = await visit("/prompts/outage");
    const { page } = visitor;
    await button(page, "Edit").click();
    await textOf(page).fill("written during the outage");
    proxy.cut();
    await page.keyboard.press("Control+s");
    await page.getByText("Read-only for the moment.").waitFor();
    await page.locator("form").getByText("Waits until writing is possible again.").waitFor();
    expect(await button(page, "Save version 2").isDisabled()).toBe(true);
    expect(await visitor.inaccessible()).toEqual([]);

    await page.reload();
    await page.getByText("Read-only for the moment.").waitFor();
    await textOf(page).waitFor();
    expect(await textOf(page).inputValue()).toBe("written during the outage");
    await page.getByRole("link", { name: "Library", exact: true }).click();
    await page.getByRole("region", { name: "Not saved yet" }).getByRole("link", { name: "outage" }).waitFor();
    await page.getByTitle("outage", { exact: true }).waitFor();
    await page.getByLabel("Find").fill("outa");
    await page.getByText("1 prompt", { exact: true }).waitFor();
    await page.goBack();

    const guest = await visit("/", null);
    await guest.page.getByText("Signing in waits for the database.").waitFor();
    expect(await button(guest.page, "Signing in waits").isDisabled()).toBe(true);
    expect(await guest.inaccessible()).toEqual([]);

    proxy.restore();
    await button(guest.page, "Sign in").waitFor();
    await page.getByText("Read-only for the moment.").waitFor({ state: "hidden" });
    await button(page, "Save version 2").click();
    await page.getByText("Saved as version 2.").waitFor();
    expect((await server.local.fetchPrompt("outage")).prompt.text).toBe("written during the outage");
  });

  it("while the server is away what was loaded stays, and all returns by itself", async () => {
    const port = String(await freePort());
    const other = await serveOn(stage.database, { settings: { PORT: port } });
    await other.local.savePrompt({ name: "server", text: "still here" });
    const visitor = await stage.arrive(other);
    const { page } = visitor;
    await visitor.open("/");
    await visitor.signIn("ada");
    await page.getByRole("link", { name: "server" }).click();
    await page.getByRole("region", { name: "Version 1" }).getByText("still here").waitFor();
    await other.close();
    await page.getByRole("link", { name: "Library", exact: true }).click();
    await page.getByText("Away for the moment.").waitFor();
    await page.getByRole("link", { name: "server" }).click();
    await page.getByRole("region", { name: "Version 1" }).getByText("still here").waitFor();
    expect(await button(page, "Edit").isDisabled()).toBe(true);
    // Why, for fingers and keyboards, too, which come to no title of a button that is disabled.
    const why = await button(page, "Edit").getAttribute("aria-describedby");
    await page.locator(`[id="${why}"]`, { hasText: "Waits until the library is back." }).waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    const again = await serveOn(stage.database, { settings: { PORT: port } });
    await page.getByText("Away for the moment.").waitFor({ state: "hidden" });
    await button(page, "Edit").click();
    await button(page, "Throw away").click();
    await again.close();
  });

  it("what did not come while the server was away is read from the mirror as soon as that can be", async () => {
    await server.local.savePrompt({ name: "step/up", text: "of the mirror" });
    await inMirror("step/up");
    const { page } = await visit("/?folder=step");
    await page.getByRole("link", { name: "step/up" }).waitFor();
    proxy.cut();
    await server.untilHealth("degraded");
    await see(page, true);
    await page.getByText("Read-only for the moment.").waitFor();
    await page.route("**/api/**", (route) => route.abort());
    await page.getByRole("link", { name: "step/up" }).click();
    await page.getByText("Away for the moment.").waitFor();
    await page.unroute("**/api/**");
    await page.getByRole("region", { name: "Version 1" }).getByText("of the mirror").waitFor();
    await page.getByText("Read-only for the moment.").waitFor();
  });

  it("one call that a proxy answers by itself makes nothing away, and is not repeated for ever", async () => {
    await server.local.savePrompt({ name: "proxied", text: "x" });
    const { page } = await visit("/");
    let asked = 0;
    await page.route("**/api/prompts/proxied/versions*", (route) => {
      asked += 1;
      return route.fulfill({ status: 404, contentType: "text/html", body: "<h1>Not found</h1>" });
    });
    await page.getByRole("link", { name: "proxied" }).click();
    await eventually(async () => asked === 2);
    for (let looks = 0; looks < 3; looks += 1) {
      await Promise.all([page.waitForResponse("**/api/system/health"), see(page, true)]);
      await page.getByText(/is not Prompt Library/).waitFor();
    }
    expect(asked).toBe(2);
    expect(await button(page, "Edit").isEnabled()).toBe(true);
  });

  it("a page that did not come while the server was away comes by itself", async () => {
    const { page } = await visit("/");
    await page.route("**/*", (route) => route.abort());
    await page.getByText("Go to").click();
    await page.getByRole("link", { name: "Trash" }).click();
    await page.getByText("This page could not be loaded").waitFor();
    await page.unroute("**/*");
    await page.getByRole("heading", { level: 1, name: "Trash" }).waitFor();
  });

  it("a page that did not come at once comes by itself though the server is well again before anybody looks", async () => {
    const { page } = await visit("/");
    await page.route("**/assets/trash-page*", (route) => route.abort(), { times: 1 });
    await page.getByText("Go to").click();
    await page.getByRole("link", { name: "Trash" }).click();
    await page.getByRole("heading", { level: 1, name: "Trash" }).waitFor();
  });

  it("a page that never comes, though the server is well, is not loaded for ever", async () => {
    const { page } = await visit("/");
    let asked = 0;
    await page.route("**/assets/trash-page*", (route) => {
      asked += 1;
      return route.abort();
    });
    await page.getByText("Go to").click();
    await page.getByRole("link", { name: "Trash" }).click();
    await eventually(async () => asked === 2);
    await page.getByText("This page could not be loaded").waitFor();
    for (let looks = 0; looks < 3; looks += 1) {
      await Promise.all([page.waitForResponse("**/api/system/health"), see(page, true)]);
    }
    await page.getByText("This page could not be loaded").waitFor();
    expect(asked).toBe(2);
  });

  it("a page that did not come while the server was away comes to who goes there again", async () => {
    const { page } = await visit("/");
    const goTo = async (room: string) => {
      await page.getByText("Go to").click();
      await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: room }).click();
    };
    await page.route("**/*", (route) => route.abort());
    await goTo("Export");
    await page.getByText("This page could not be loaded").waitFor();
    await goTo("Library");
    await heading(page, /^Library$/).waitFor();
    await page.unroute("**/*");
    await page.getByText("Away for the moment.").waitFor({ state: "hidden" });
    await goTo("Export");
    await page.getByRole("heading", { level: 1, name: "Export" }).waitFor();
  });

  it("what is written goes on while the server is dead, over a reload, too, and is saved when it is back", async () => {
    const settings = { PORT: String(await freePort()) };
    const first = await serveOn(stage.database, { settings });
    await first.local.savePrompt({ name: "drafts/dead", text: "before" });
    const visitor = await stage.arrive(first);
    const { page } = visitor;
    await visitor.open("/prompts/drafts/dead");
    await visitor.signIn("ada");
    await button(page, "Edit").click();
    await textOf(page).fill("while it lived");
    await first.close();
    await textOf(page).press("End");
    await page.keyboard.type(", when it was dead");
    await page.getByText("Away for the moment.").waitFor();
    await page.locator("form").getByText("Waits until the library is back.").waitFor();
    expect(await button(page, "Save version 2").isDisabled()).toBe(true);
    await page.keyboard.press("Control+s");
    await page.keyboard.type(", and later");
    expect(await visitor.inaccessible()).toEqual([]);
    await expect(page.reload()).rejects.toThrow("ERR_CONNECTION_REFUSED");

    const second = await serveOn(stage.database, { settings });
    await visitor.open("/prompts/drafts/dead");
    const written = "while it lived, when it was dead, and later";
    await textOf(page).waitFor();
    expect(await textOf(page).inputValue()).toBe(written);
    await second.close();
    await page.getByText("Away for the moment.").waitFor();
    await textOf(page).press("End");
    await page.keyboard.type("!");
    const third = await serveOn(stage.database, { settings });
    await page.getByText("Away for the moment.").waitFor({ state: "hidden" });
    await button(page, "Save version 2").click();
    await page.getByText("Saved as version 2.").waitFor();
    expect((await third.local.fetchPrompt("drafts/dead")).prompt).toMatchObject({ text: `${written}!`, newest: 2 });
    await third.close();
  });
});
