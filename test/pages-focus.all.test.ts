import { beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./support/browser.ts";
import { more, pagesStage } from "./support/pages.ts";
import { eventually, type Served } from "./support/server.ts";
import { tabThrough } from "./support/tab-walk.ts";

const path = findChromium();

describe.skipIf(!path)("whoever goes through a page by Tab, in Chromium,", () => {
  const stage = pagesStage(path, { cleo: "admin" });
  let server: Served;
  beforeAll(async () => {
    ({ server } = stage);
    await server.local.savePrompt({
      name: "mail/welcome",
      text: "Hello {{name}}",
      labels: ["production"],
      tags: ["mail"],
    });
    await server.local.savePrompt({ name: "mail/welcome", text: "Good day {{name}}", message: "Formal" });
  });

  it.each([
    { dark: false, moving: true },
    { dark: true, moving: false },
  ])("comes to everything, and sees where the focus is (%o)", async (options) => {
    const visitor = await stage.visit("/", "cleo", options);
    const { page } = visitor;
    const walk = async (...among: string[]) => {
      await eventually(async () => (await page.getByText("Loading …").count()) === 0);
      const stops = await tabThrough(page);
      expect(stops.map(({ name }) => name)).toEqual(expect.arrayContaining(among));
      expect(stops.filter(({ isMarked, isInView }) => !isMarked || !isInView)).toEqual([]);
    };
    await page.getByRole("checkbox", { name: "Choose mail/welcome" }).check();
    await walk("To the content", "New prompt", "Find", "mail/welcome", "Choose mail/welcome", "mail", "Trash …");
    await visitor.open("/prompts/mail/welcome");
    await page.getByRole("heading", { name: "Versions" }).waitFor();
    await page.getByRole("button", { name: "Move production" }).waitFor();
    await walk("Edit", "Move production", "Add a label", "name");
    await page.getByRole("button", { name: "Edit" }).click();
    await walk("Text", "Why this version?", "Save version 3", "Throw away");
    await page.getByRole("button", { name: "Throw away" }).click();
    for (const room of ["import", "keys", "audit", "profile"]) {
      await visitor.open(`/${room}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await walk("Prompt Library");
    }
  });

  it("is at the heading of each page that is gone to, also where its code must come first", async () => {
    const visitor = await stage.visit("/", "cleo");
    const { page } = visitor;
    const focused = () => page.locator("h1:focus").textContent();
    for (const room of ["Trash", "Export", "Trash"]) {
      await page.getByText("Go to").click();
      await page.getByRole("link", { name: room, exact: true }).click();
      await page.getByRole("heading", { level: 1, name: room }).waitFor();
      expect(await focused()).toBe(room);
    }
    // Who comes from nowhere begins at the top.
    await visitor.open("/members");
    await page.getByRole("heading", { level: 1, name: "Members" }).waitFor();
    expect(await page.evaluate("document.activeElement === document.body")).toBe(true);
  });

  it("comes back from a dialog to the menu that it was opened from", async () => {
    const { page } = await stage.visit("/prompts/mail/welcome", "cleo");
    for (const deed of ["Copy as code …", "Rename or move …"]) {
      const dialog = await more(page, deed);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
      expect(await page.locator(":focus").textContent()).toBe("More");
    }
  });

  it("finds the way back from where there is nothing", async () => {
    const visitor = await stage.visit("/prompts/mail//welcome", "cleo");
    await visitor.page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await visitor.page.getByRole("link", { name: "To the library" }).press("Enter");
    await visitor.page.getByRole("heading", { name: "Library" }).waitFor();
  });
});
