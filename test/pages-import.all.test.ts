import { readFile } from "node:fs/promises";
import type { Download } from "playwright-core";
import { describe, expect, it } from "vitest";
import { findChromium } from "./support/browser.ts";
import { button, drop, heading, pagesStage } from "./support/pages.ts";
import { eventually } from "./support/server.ts";

const path = findChromium();

/** Bringing prompts along, and taking them away. */
describe.skipIf(!path)("import and export, in Chromium", () => {
  const stage = pagesStage(path, { cleo: "admin" });
  const visit = (path: string) => stage.visit(path, "cleo");

  it("files are dropped, looked at, imported and reported; what cannot be imported is kept as a table", async () => {
    const bring = await stage.project("bring", { cleo: "admin" });
    await bring.savePrompt({ name: "Old one", text: "before" });
    const visitor = await visit("/import?project=bring");
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
    const brought = await stage.project("brought", { cleo: "admin" });
    await visitor.open("/import?project=brought");
    await page.getByLabel("Files to import").setInputFiles(await exported.path().then((path) => path ?? ""));
    await page.getByLabel("Format").selectOption("promptlib");
    await button(page, "Import 2 changes").click();
    await page.getByText("2 new.").waitFor();
    expect(await Array.fromAsync(brought.exportPrompts())).toEqual(await Array.fromAsync(bring.exportPrompts()));

    // What was chosen for another format, and can be chosen no more, is not asked for.
    await drop(page, "an export.csv", await contentOf(exported));
    await page.getByLabel(/Move to the trash/).check();
    await page.getByLabel("Format").selectOption("promptlib");
    await plan.getByText("2 unchanged.").waitFor();
  });

  it("what was given last is imported, and goes on whatever is dropped or looked at meanwhile; its end is told there", async () => {
    const left = await stage.project("left", { cleo: "admin" });
    const { page } = await visit("/import?project=left");
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
    // How many there will be nobody knows: the bar says that it goes on, the words how many there were.
    const going = page.getByRole("region", { name: "Importing …" });
    await going.getByRole("progressbar", { name: "Importing …" }).waitFor();
    await going.getByText("0 prompts so far.").waitFor();
    // Nothing that is done beside it ends it.
    await page.getByText("Other files wait until this import is over.").waitFor();
    for (const name of ["Choose files", "Choose a folder"]) expect(await button(page, name).isDisabled()).toBe(true);
    for (const name of [/Format/, /A name for these files/, /Move to the trash/])
      expect(await page.getByLabel(name).isDisabled()).toBe(true);
    await drop(page, "meanwhile.csv", "act,prompt\nOther,x\n");
    await page.getByLabel("Files to import").setInputFiles({
      name: "meanwhile.csv",
      mimeType: "text/csv",
      buffer: Buffer.from("act,prompt\nOther,x\n"),
    });
    await page.getByRole("link", { name: "Prompt Library" }).first().click();
    await page.getByText("The import into left goes on.").waitFor();
    gate.resolve();
    await page.getByText("Imported into left: 1 new.").waitFor();
    await page.unroute("**/api/import?*");
    expect((await left.fetchPrompt("Left alone")).prompt.text).toBe("It goes on");
  });

  it("of two imports that go on, the end of one lets nobody leave the other without being asked", async () => {
    for (const name of ["first", "second"]) await stage.project(name, { cleo: "admin" });
    const { page } = await visit("/import?project=first");
    await heading(page, "Import").waitFor();
    const isAsked = () =>
      page.evaluate<boolean>('!dispatchEvent(new Event("beforeunload", { bubbles: true, cancelable: true }))');
    const importInto = async (project: string) => {
      const gate = Promise.withResolvers<void>();
      await drop(page, "list.csv", "act,prompt\nOne,x\n");
      await page.getByRole("region", { name: "What will change" }).getByText("1 new.").waitFor();
      await page.route(new RegExp(`/api/import\\?.*project=${project}`), async (route) => {
        await gate.promise;
        await route.continue();
      });
      await button(page, "Import 1 change").click();
      await page.getByRole("region", { name: "Importing …" }).waitFor();
      return gate;
    };
    const first = await importInto("first");
    await page.getByRole("combobox", { name: "Project" }).selectOption("second");
    await page.getByText("The import into first goes on.").waitFor();
    const second = await importInto("second");
    first.resolve();
    await page.getByText("Imported into first: 1 new.").waitFor();
    expect(await isAsked()).toBe(true);
    second.resolve();
    await page.getByRole("region", { name: "What was done" }).waitFor();
    await eventually(async () => !(await isAsked()));
  });

  it("a folder in which something cannot be read is not taken, which is said", async () => {
    const visitor = await visit("/import");
    const { page } = visitor;
    await heading(page, "Import").waitFor();
    await page.evaluate(`DataTransferItem.prototype.webkitGetAsEntry = () => ({
      isFile: false,
      createReader: () => ({ readEntries: (_, fail) => fail(new DOMException("no", "NotReadableError")) }),
    })`);
    await drop(page, "folder", "");
    await page.getByRole("alert").getByText("Something in it cannot be read: nothing was taken.").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
  });

  it("what is said of the bundle of one project is not said of another’s", async () => {
    for (const name of ["bundled", "unbundled"]) await stage.project(name, { cleo: "admin" });
    const { page } = await visit("/export?project=bundled");
    await button(page, "Download the bundle").click();
    const empty = page.getByText("No prompt has this label.");
    await empty.waitFor();
    await page.getByRole("combobox", { name: "Project" }).selectOption("unbundled");
    await empty.waitFor({ state: "hidden" });
  });
});

async function contentOf(download: Download): Promise<string> {
  return await readFile(await download.path(), "utf8");
}
