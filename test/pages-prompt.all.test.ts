import { beforeAll, describe, expect, it } from "vitest";
import { findChromium, type VisitOptions } from "./support/browser.ts";
import { button, dialogOf, heading, more, pagesStage, textOf } from "./support/pages.ts";
import { eventually, newKey, type Served, serveOn } from "./support/server.ts";

const path = findChromium();

/** Everything that is done with one prompt, by hand, by keyboard alone, large, in any script, and while things break. */
describe.skipIf(!path)("a prompt on its page, in Chromium", () => {
  const stage = pagesStage(path, { ada: "editor", cleo: "admin" });
  let server: Served;
  beforeAll(() => {
    ({ server } = stage);
  });
  const visit = (path: string, username = "ada", options?: VisitOptions) => stage.visit(path, username, options);

  it("is renamed, duplicated, copied as code, trashed, and says why where that is refused", async () => {
    await server.local.savePrompt({ name: "deeds/one", text: "Hello {{name}}", labels: ["staging"] });
    const visitor = await visit("/prompts/deeds/one");
    const { page } = visitor;
    const code = await more(page, "Copy as code …");
    await code.getByText("/api/prompts/deeds%2Fone/render").waitFor();
    await code.getByLabel("Language").selectOption("Python");
    await code.getByText('os.environ["PROMPTLIB_API_KEY"]').waitFor();
    await button(page, "Copy").click();
    await code.getByText("Copied.").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.keyboard.press("Escape");

    const rename = await more(page, "Rename or move …");
    await rename.getByLabel("Name; a / makes folders").fill("deeds//x");
    await rename.getByText("The name has an empty part").waitFor();
    await rename.getByLabel("Name; a / makes folders").fill("deeds/deep/two");
    expect(await visitor.inaccessible()).toEqual([]);
    await rename.getByRole("button", { name: "Rename" }).click();
    await page.getByText("deeds/one goes on answering.").waitFor();
    await heading(page, "two").waitFor();

    const duplicate = await more(page, "Duplicate …");
    expect(await visitor.inaccessible()).toEqual([]);
    await duplicate.getByRole("button", { name: "Duplicate" }).click();
    await heading(page, "two copy").waitFor();
    await server.local.savePrompt({ name: "deeds/including", text: "{{> deeds/deep/two copy@latest}}" });
    const refused = await more(page, "To the trash …");
    await refused.getByRole("button", { name: "Move to the trash" }).click();
    await refused.getByText("deeds/including").waitFor();
    await page.keyboard.press("Escape");
    await server.local.trashPrompt("deeds/including");
    const trash = await more(page, "To the trash …");
    expect(await visitor.inaccessible()).toEqual([]);
    await trash.getByRole("button", { name: "Move to the trash" }).click();
    await page.getByText("deeds/deep/two copy is in the trash.").waitFor();
    await heading(page, "Library").waitFor();
  });

  it("tells who fetched it, what production was on a day, and who did what; protected labels are confirmed", async () => {
    await server.local.savePrompt({ name: "used", text: "one", labels: ["production"] });
    await server.local.savePrompt({ name: "used", text: "two", message: "Shorter" });
    await server.local.moveLabel("used", "passing", 1);
    await server.local.removeLabel("used", "passing");
    await server.local.protectLabel("production");
    const key = await newKey(server, ["read"]);
    // Counts are written when a server stops, too.
    const other = await serveOn(stage.database);
    await other.as(key).fetchPrompt("used", { label: "production" });
    await other.close();
    const visitor = await visit("/prompts/used", "cleo");
    const { page } = visitor;
    const usage = page.getByRole("region", { name: "Use and history" });
    await usage.getByRole("row", { name: /API key .* production 1/ }).waitFor();

    const labels = page.getByRole("region", { name: "Labels" });
    await labels.getByText("protected").waitFor();
    await button(page, "Move production").click();
    expect(await button(page, "Put production on version 2").isDisabled()).toBe(true);
    await page.getByLabel("production is protected").check();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "Put production on version 2").click();
    await page.getByText("production is on version 2; it was on version 1.").waitFor();
    await labels.getByText("v2").waitFor();
    await page.getByRole("link", { name: "Version 1", exact: true }).waitFor();

    // A chip is dragged onto a version.
    await page.evaluate(`(() => {
      const data = new DataTransfer();
      const chip = document.querySelector(".labels .chip.label");
      const version = [...document.querySelectorAll(".versions li")].at(-1);
      chip.dispatchEvent(new DragEvent("dragstart", { dataTransfer: data, bubbles: true }));
      for (const type of ["dragover", "drop"]) {
        version.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
      }
    })()`);
    await page.getByLabel("production is protected").check();
    await button(page, "Put production on version 1").click();
    await page.getByText("production is on version 1; it was on version 2.").waitFor();

    await usage.getByLabel("on", { exact: true }).fill("2020-01-01T12:00");
    await usage.getByRole("button", { name: "Look" }).click();
    await usage.getByText("It was on no version then.").waitFor();
    await usage.getByText("Who did what").click();
    await usage.getByText("put production on version 2; it was on version 1").waitFor();
    await usage.getByText("saved version 2: Shorter").waitFor();
    await usage.getByText("took passing off version 1").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await more(page, "To another project …");
    expect(await visitor.inaccessible()).toEqual([]);
    await page.keyboard.press("Escape");

    const ada = await visit("/");
    const known = Promise.withResolvers<void>();
    await ada.page.route("**/api/protected-labels*", async (route) => {
      await known.promise;
      await route.continue();
    });
    await ada.open("/prompts/used");
    await button(ada.page, "Move production").click();
    const unknown = ada.page.getByLabel("It is not known now which labels are protected");
    expect(await button(ada.page, "Put production on version 2").isDisabled()).toBe(true);
    await unknown.check();
    expect(await button(ada.page, "Put production on version 2").isEnabled()).toBe(true);
    known.resolve();
    await ada.page.getByText("moving it needs the role admin").waitFor();
    expect(await button(ada.page, "Put production on version 2").isDisabled()).toBe(true);
    await server.local.unprotectLabel("production");
  });

  it("of hundreds of versions is compared with the very first", async () => {
    for (let n = 1; n <= 202; n += 1) await server.local.savePrompt({ name: "old", text: `It is ${n}.` });
    const { page } = await visit("/prompts/old");
    await page.getByText("The 200 newest are shown.").waitFor();
    await button(page, "Show older ones").click();
    await page.getByRole("link", { name: "Compare version 1 with version 202" }).click();
    await page.getByRole("region", { name: "From version 1 to 202" }).waitFor();
    expect(await button(page, "Show older ones").count()).toBe(0);
  });

  it("is tried with variables that are called what every object has, and moved after one looked at the projects", async () => {
    await server.local.savePrompt({ name: "odd", text: "<{{__proto__}}{{constructor}}>" });
    const { page } = await visit("/projects", "cleo");
    await heading(page, /^Projects$/).waitFor();
    await page.getByText("default", { exact: true }).first().waitFor();
    await page.getByRole("link", { name: "Prompt Library" }).click();
    await page.getByRole("link", { name: "odd", exact: true }).click();
    const tried = page.getByRole("region", { name: "Try it" });
    await tried.getByLabel("__proto__").fill("a");
    await tried.getByLabel("constructor").fill("b");
    await tried.getByText("<ab>").waitFor();
    await more(page, "To another project …");
    await dialogOf(page)
      .getByText(/To which one|There is no other project/)
      .waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("Go to").click();
    await page.getByRole("link", { name: "Projects" }).click();
    await heading(page, /^Projects$/).waitFor();
  });

  it("says so where nobody can tell to which projects it could be moved", async () => {
    await server.local.savePrompt({ name: "staying", text: "x" });
    const visitor = await visit("/prompts/staying", "cleo");
    const { page } = visitor;
    await page.route(/\/api\/projects\b/, (route) =>
      route.fulfill({ status: 500, json: { error: { code: "internal", message: "Something failed.", hint: "" } } }),
    );
    const move = await more(page, "To another project …");
    await move.getByRole("alert").getByText("The projects cannot be shown now.").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
  });

  it("is described without undoing what others described meanwhile", async () => {
    await server.local.savePrompt({ name: "described", text: "one", tags: ["a", "b"] });
    const { page } = await visit("/prompts/described");
    await button(page, "Describe").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Tags, separated by commas").fill("a, mine");
    await server.local.patchPrompt("described", { description: "theirs", tags: ["b", "theirs"] });
    await button(page, "Save").click();
    await dialog.waitFor({ state: "hidden" });
    expect((await server.local.fetchPrompt("described")).prompt).toMatchObject({
      description: "theirs",
      tags: ["mine", "theirs"],
    });

    // The same line by two: who saves last has seen what goes.
    await button(page, "Describe").click();
    await dialog.getByLabel("What is it for?").fill("mine");
    await server.local.patchPrompt("described", { description: "theirs, longer" });
    await button(page, "Save").click();
    await dialog.getByText("theirs, longer").waitFor();
    expect((await server.local.fetchPrompt("described")).prompt.description).toBe("theirs, longer");
    await button(page, "Save").click();
    await dialog.waitFor({ state: "hidden" });
    expect((await server.local.fetchPrompt("described")).prompt.description).toBe("mine");
  });

  it("is followed while others change it: said by whom, and what one writes is left alone", async () => {
    const { local } = server;
    await local.savePrompt({ name: "others/a", text: "Hello {{name}}" });
    const visitor = await visit("/prompts/others/a");
    const { page } = visitor;
    await page.getByRole("textbox", { name: "name" }).fill("Zoë");
    await page.getByText("Hello Zoë").waitFor();
    await page.getByRole("link", { name: "Version 1", exact: true }).waitFor();
    await local.savePrompt({ name: "others/a", text: "Good day {{name}}", message: "Formal" });
    await page.getByText("saved version 2: Formal.").waitFor();
    await page.getByText("Good day Zoë").waitFor();
    await local.savePrompt({ name: "others/a", text: "Good day, {{name}}" });
    await page.getByText("saved version 3.").waitFor();
    await local.moveLabel("others/a", "production", 1);
    await page.getByText("put production on version 1.").waitFor();
    await page.getByRole("region", { name: "Labels" }).getByText("v1").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "What changed").click();
    await page.getByRole("region", { name: "From version 1 to 3" }).waitFor();
    await local.removeLabel("others/a", "production");
    await page.getByText("took production off.").waitFor();
    await button(page, "Close this notice").click();

    await button(page, "Edit").click();
    await textOf(page).fill("Good evening {{name}}");
    await local.savePrompt({ name: "others/a", text: "Dear {{name}}" });
    await page.getByText("saved version 4.").waitFor();
    expect(await page.locator(":focus").inputValue()).toBe("Good evening {{name}}");
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "Look at both").click();
    await page.getByRole("region", { name: "Somebody saved meanwhile" }).waitFor();
    await button(page, "Go on with mine").click();
    await local.renamePrompt("others/a", "others/b");
    await page.getByText("This prompt is called others/b now.").waitFor();
    expect(await textOf(page).inputValue()).toBe("Good evening {{name}}");
    await button(page, "Go there").click();
    await heading(page, "b").waitFor();
    expect(await textOf(page).inputValue()).toBe("Good evening {{name}}");
    // Also where an older version is asked for.
    await page.getByRole("link", { name: "Version 1", exact: true }).click();
    await page.waitForURL("**/prompts/others/b?version=1");
    await local.savePrompt({ name: "others/b", text: "Dear {{name}}," });
    await page.getByText("saved version 5.").waitFor();
    await button(page, "Look at both").click();
    await page.getByRole("region", { name: "Somebody saved meanwhile" }).waitFor();
    expect(await textOf(page).inputValue()).toBe("Good evening {{name}}");
    await local.savePrompt({ name: "others/b", text: "Dear {{name}}!" });
    await button(page, "Look at both").waitFor();
    await local.moveLabel("others/b", "production", 1);
    await page.getByText("put production on version 1.").waitFor();
    await button(page, "Throw away").click();
    await button(page, "Look at both").waitFor({ state: "hidden" });
    await page.getByRole("region", { name: "Version 6" }).waitFor();

    // What is written in a dialog, too.
    await button(page, "Describe").click();
    await page.getByLabel("What is it for?").fill("Greets");
    await local.trashPrompt("others/b");
    await page.getByText("This prompt was moved to the trash.").waitFor();
    await page.getByText("As it was last known.").first().waitFor();
    expect(await page.getByLabel("What is it for?").inputValue()).toBe("Greets");
    await page.keyboard.press("Escape");
    await page.getByRole("region", { name: "Version 6" }).waitFor({ state: "hidden" });
    await page.getByText("This prompt was moved to the trash.").waitFor();
    const [trashed] = (await local.listTrash()).items;
    await local.restorePrompt(trashed?.id ?? "");
    await page.getByText("It was brought back from there.").waitFor();
    await page.getByRole("region", { name: "Version 6" }).waitFor();
  });

  it("of 231 KB is written on, kept over a reload and the death of the database, and saved to the letter", async () => {
    const line = "Zeile {{name}} — 日本語 العربية 😀 of it, and so on to the end.\n";
    const text = line.repeat(Math.ceil((231 * 1024) / Buffer.byteLength(line)));
    await server.local.savePrompt({ name: "large", text });
    await eventually(async () => (await server.ask("/api/system/health")).json.status === "healthy");
    const { page } = await visit("/prompts/large");
    await button(page, "Edit").click();
    await textOf(page).click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("The end, {{na");
    await page.getByRole("status", { name: "Suggestions" }).getByText("name").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.type(".");
    const written = `${text}The end, {{name}}.`;
    await eventually(async () => (await textOf(page).inputValue()) === written);
    stage.proxy.cut();
    await page.keyboard.type("!");
    await page.keyboard.press("Control+s");
    await page.getByText("Read-only for the moment.").waitFor();
    await page.reload();
    await page.getByText("Read-only for the moment.").waitFor();
    await textOf(page).waitFor();
    expect(await textOf(page).inputValue()).toBe(`${written}!`);
    stage.proxy.restore();
    await page.getByText("Read-only for the moment.").waitFor({ state: "hidden" });
    await button(page, "Save version 2").click();
    await page.getByText("Saved as version 2.").waitFor();
    expect((await server.local.fetchPrompt("large")).prompt.text).toBe(`${written}!`);
  });

  it("by keyboard alone: found, read, written, saved, labelled; the focus is always somewhere, and comes back", async () => {
    await server.local.savePrompt({ name: "keys/only", text: "Hello {{name}}" });
    const visitor = await visit("/");
    const { page } = visitor;
    await page.getByRole("link", { name: "New prompt" }).focus();
    await page.keyboard.press("Control+k");
    const field = page.getByRole("combobox", { name: "A prompt, a page, or what to do" });
    await field.waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.keyboard.press("Escape");
    await field.waitFor({ state: "hidden" });
    expect(await page.locator(":focus").textContent()).toBe("New prompt");
    await page.keyboard.press("Control+k");
    await field.waitFor();
    await page.keyboard.type("trash");
    await page.getByRole("option", { name: /Trash/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Trash", exact: true }).waitFor();
    await page.keyboard.press("Control+k");
    await field.waitFor();
    await page.keyboard.type("keys on");
    await page.getByRole("option", { name: /keys\/only/, selected: true }).waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.keyboard.press("Enter");
    await heading(page, "only").waitFor();
    await button(page, "Edit").waitFor();

    const tabTo = async (name: string) => {
      for (let steps = 0; steps < 60; steps += 1) {
        const at = await page.evaluate<string>(
          `document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent ?? ""`,
        );
        if (at.trim() === name) return;
        await page.keyboard.press("Tab");
      }
      throw new Error(`Tab never came to ${name}`);
    };
    await tabTo("Edit");
    await page.keyboard.press("Enter");
    await textOf(page).waitFor();
    // Of its own tag Tab makes a whole one; behind it, Tab goes on.
    await textOf(page).focus();
    await page.keyboard.press("Control+End");
    await page.keyboard.type(" and {{n");
    await page.getByRole("status", { name: "Suggestions" }).getByText("name").waitFor();
    await page.keyboard.press("Tab");
    expect(await textOf(page).inputValue()).toBe("Hello {{name}} and {{name}}");
    // A name in a tag that is whole may be meant as it is.
    for (const key of ["ArrowLeft", "ArrowLeft", "Backspace"]) await page.keyboard.press(key);
    await page.getByRole("status", { name: "Suggestions" }).getByText("Instead:").waitFor();
    await page.keyboard.press("Tab");
    expect(await textOf(page).inputValue()).toBe("Hello {{name}} and {{nam}}");
    expect(await page.locator("textarea.code:focus").count()).toBe(0);
    await textOf(page).focus();
    await page.keyboard.type("e");
    expect(await textOf(page).inputValue()).toBe("Hello {{name}} and {{name}}");
    await page.keyboard.press("Control+s");
    await page.getByText("Saved as version 2.").waitFor();
    await tabTo("Add a label");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Add a label" }).waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.getByRole("dialog").getByLabel("Name").focus();
    await page.keyboard.type("staging");
    await page.keyboard.press("Enter");
    await page.getByText("staging is on version 2.").waitFor();
    expect((await server.local.readLabel("keys/only", "staging")).version).toBe(2);
  });

  it.each([360, 390])("at a width of %d every page fits, in Arabic and Japanese, with dialogs open", async (width) => {
    const name = `عربي/${"لمحة عامة ".repeat(3).trim()} ${width}/${"要約".repeat(12)}`;
    await server.local.savePrompt({
      name,
      text: `${"x".repeat(200)} {{متغير}} ${"長い文".repeat(60)}`,
      labels: ["staging"],
    });
    const visitor = await visit("/", "cleo", { width, dark: true });
    const { page } = visitor;
    for (const address of ["/", "/import", "/export", "/trash", "/new", `/prompts/${encodeURI(name)}`]) {
      await visitor.open(address);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await eventually(async () => (await page.getByText("Loading …").count()) === 0);
      expect({ address, wide: await visitor.sticksOut() }).toEqual({ address, wide: [] });
    }
    await more(page, "Copy as code …");
    expect(await visitor.sticksOut()).toEqual([]);
    await page.keyboard.press("Escape");
    await button(page, "Edit").click();
    expect(await visitor.sticksOut()).toEqual([]);
    await button(page, "Throw away").click();
    await button(page, "Jump to").click();
    await page.getByRole("option", { name: /要約/ }).first().waitFor();
    expect(await visitor.sticksOut()).toEqual([]);
    await page.keyboard.press("Escape");
    await visitor.open("/");
    await page.getByRole("checkbox", { name: /要約/ }).first().check();
    await button(page, "Move to folder …").click();
    expect(await visitor.sticksOut()).toEqual([]);
  });
});
