import type { Page, Route } from "playwright-core";
import { describe, expect, it } from "vitest";
import { findChromium } from "./support/browser.ts";
import { button, dialogOf, heading, pagesStage, textOf } from "./support/pages.ts";
import { eventually } from "./support/server.ts";

const path = findChromium();
const BROKEN = { status: 500, json: { error: { code: "internal", message: "It broke.", hint: "" } } };

/** What is answered late, or not at all, and where one is by then. */
describe.skipIf(!path)("a deed that ends late, in Chromium", () => {
  const stage = pagesStage(path, { ada: "editor", cleo: "admin" });
  const visit = (path: string, username = "ada") => stage.visit(path, username);

  /** Answers of `method` wait; answers how they go on, with what the server says or what is given in its place. */
  async function hold(page: Page, address: RegExp | string, method: string) {
    const gate = Promise.withResolvers<Parameters<Route["fulfill"]>[0] | null>();
    await page.route(address, async (route) => {
      if (route.request().method() !== method) return await route.fallback();
      const answer = await gate.promise;
      await (answer ? route.fulfill(answer) : route.continue());
    });
    return (answer: Parameters<Route["fulfill"]>[0] | null = null) => gate.resolve(answer);
  }

  it("on many prompts stops where one leaves the list, and says how far it came", async () => {
    const left = await stage.project("left", { ada: "editor" });
    const names = Array.from({ length: 8 }, (_, n) => `${n}`.padStart(2, "0"));
    for (const name of names) await left.savePrompt({ name, text: "x" });
    const { page } = await visit("/trash?project=left");
    await page.getByRole("link", { name: "Prompt Library" }).click();
    await page.getByRole("checkbox", { name: "Choose 00" }).click();
    await page.getByRole("checkbox", { name: "Choose 07" }).click({ modifiers: ["Shift"] });
    const goOn = await hold(page, "**/api/prompts/*", "DELETE");
    await button(page, "Trash …").click();
    const begun = page.waitForRequest((request) => request.method() === "DELETE");
    await button(page, "Move to the trash").click();
    await begun;
    await page.goBack();
    await heading(page, "Trash").waitFor();
    goOn();
    await page.getByText("Stopped, as you left: 4 of 8 were done.").waitFor();
    expect((await left.listTrash()).total).toBe(4);
  });

  it("keeps its dialog until it has ended, so that it closes no other, and says in it what went wrong", async () => {
    await stage.server.local.savePrompt({ name: "late/described", text: "x" });
    const { page } = await visit("/prompts/late/described");
    const goOn = await hold(page, "**/api/prompts/*", "PATCH");
    await button(page, "Describe").click();
    await page.getByLabel("What is it for?").fill("Greets");
    await button(dialogOf(page), "Save").click();
    await button(dialogOf(page), "Saving …").waitFor();
    for (let presses = 0; presses < 2; presses += 1) await page.keyboard.press("Escape");
    expect(await button(dialogOf(page), "Leave it").isDisabled()).toBe(true);
    await button(dialogOf(page), "Saving …").waitFor();
    goOn(BROKEN);
    await dialogOf(page).getByText("It broke.").waitFor();
    await page.unrouteAll({ behavior: "wait" });
    await button(dialogOf(page), "Save").click();
    await dialogOf(page).waitFor({ state: "hidden" });

    const { id } = await stage.server.local.createKey({ name: "late key", scopes: ["read"] });
    const hers = (await visit("/keys", "cleo")).page;
    const revoke = await hold(hers, `**/api/keys/${id}*`, "DELETE");
    await button(hers, "Revoke late key").click();
    await button(dialogOf(hers), "Revoke for ever").click();
    await hers.keyboard.press("Escape");
    expect(await button(dialogOf(hers), "Leave it").isDisabled()).toBe(true);
    revoke();
    await hers.getByText("The key late key works no more.").waitFor();
    await dialogOf(hers).waitFor({ state: "hidden" });
  });

  it("on a label and fails is said where one went", async () => {
    const { local } = stage.server;
    await local.savePrompt({ name: "late/label", text: "x", labels: ["production"] });
    await local.savePrompt({ name: "late/label", text: "y" });
    const { page } = await visit("/prompts/late/label");
    await button(page, "Move production").click();
    const goOn = await hold(page, "**/labels/production*", "PUT");
    await button(page, "Put production on version 2").click();
    await page.getByRole("link", { name: "Library", exact: true }).click();
    await heading(page, "Library").waitFor();
    goOn(BROKEN);
    await page.getByText("The label of late/label was not moved. It broke.").waitFor();
  });

  it("of loading more leaves what was loaded since as it is", async () => {
    const rows = await stage.project("rows", { ada: "editor" });
    const names = Array.from({ length: 60 }, (_, n) => `${n}`.padStart(2, "0"));
    for (const name of names) await rows.savePrompt({ name, text: "x" });
    const { page } = await visit("/?project=rows");
    // Nobody tells of changes: what is loaded is all there is.
    await page.route("**/api/changes*", (route) => route.abort());
    await page.reload();
    await page.getByText("60 prompts").waitFor();
    const goOn = await hold(page, /api\/prompts\?.*cursor=/, "GET");
    const more = page.waitForRequest(/cursor=/);
    await page.keyboard.press("End");
    await more;
    await page.keyboard.press("Home");
    await page.getByRole("checkbox", { name: "Choose 00" }).check();
    await button(page, "Trash …").click();
    const all = /api\/prompts\?(?!.*cursor=)/;
    const goOnAnew = await hold(page, all, "GET");
    const anew = page.waitForRequest(all);
    await button(page, "Move to the trash").click();
    await dialogOf(page).getByText("1 prompt done").waitFor();
    await button(dialogOf(page), "Close").first().click();
    await anew;
    const answered = page.waitForResponse(/cursor=/);
    goOn();
    await (await answered).finished();
    goOnAnew();
    await page.getByText("59 prompts").waitFor();
    expect(await page.getByRole("link", { name: "00", exact: true }).count()).toBe(0);
  });

  it("of the trash keeps what is there while more is on its way", async () => {
    const full = await stage.project("full", { ada: "editor" });
    for (let n = 0; n < 101; n += 1) {
      await full.savePrompt({ name: `${n}`, text: "x" });
      await full.trashPrompt(`${n}`);
    }
    const { page } = await visit("/trash?project=full");
    // Nobody tells of changes: what is asked for is what is wanted here.
    await page.route("**/api/changes*", (route) => route.abort());
    await page.reload();
    const rows = page.getByRole("list", { name: "In the trash" }).getByRole("listitem");
    await page.getByText("101 prompts, with all their versions").waitFor();
    const goOn = await hold(page, /api\/trash/, "GET");
    const asked = page.waitForRequest(/api\/trash/);
    await button(page, "Show more").click();
    await asked;
    expect(await rows.count()).toBe(100);
    goOn();
    await eventually(async () => (await rows.count()) === 101);
  });

  it("of who signed out is not shown to who signs in next", async () => {
    const { page } = await visit("/profile");
    await heading(page, "Where you are signed in").waitFor();
    const goOn = await hold(page, /api\/sessions/, "GET");
    const asked = page.waitForRequest(/api\/sessions/);
    await page.reload();
    await asked;
    await page.locator("summary", { hasText: "ada" }).click();
    await button(page, "Sign out").click();
    await page.getByLabel("User name").waitFor();
    const other = { id: "00000000-0000-0000-0000-000000000000", current: false, address: "192.0.2.77" };
    const at = new Date().toISOString();
    const session = { ...other, userAgent: "Browser of ada", createdAt: at, lastUsedAt: at, expiresAt: at };
    goOn({ json: { items: [session], nextCursor: null } });
    await page.unrouteAll({ behavior: "wait" });
    await page.route(/api\/sessions/, (route) => route.fulfill(BROKEN));
    await page.getByLabel("User name").fill("cleo");
    await page.getByLabel("Password").fill("password of cleo");
    await button(page, "Sign in").click();
    await page.getByText("It broke.").first().waitFor();
    expect(await page.content()).not.toContain("192.0.2.77");
  });

  it("of what is included is asked for again when the server is back, and when somebody changes it", async () => {
    const { local } = stage.server;
    await local.savePrompt({ name: "late/inner", text: "the first", labels: ["production"] });
    await local.savePrompt({ name: "late/outer", text: "It says: {{> late/inner}}." });
    const { page } = await visit("/prompts/late/outer");
    await page.getByText("It says: the first.").waitFor();
    await local.savePrompt({ name: "late/inner", text: "the second", labels: ["production"] });
    await page.getByText("It says: the second.").waitFor();
    await page.route("**/api/**", (route) => route.abort());
    await button(page, "Edit").click();
    await textOf(page).fill("It says now: {{> late/inner@latest}}.");
    await page.getByText("Away for the moment.").waitFor();
    await page.unroute("**/api/**");
    await page.getByText("It says now: the second.").waitFor();
    await button(page, "Throw away").click();
  });
});
