/** Members, users, keys, the audit log, maintenance, the profile, the first steps: journeys in a real browser. */
import { readFile } from "node:fs/promises";
import type { Locator, Page } from "playwright-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { findChromium, type VisitOptions } from "./support/browser.ts";
import type { DatabaseProxy } from "./support/database-proxy.ts";
import { button, dialogOf, heading, pagesStage, see } from "./support/pages.ts";
import { ADMIN, eventually, newUser, type Served } from "./support/server.ts";

const path = findChromium();
const ROOMS = "members keys projects users audit maintenance settings system profile welcome recovery".split(" ");
const EVIL = `<img src=x onerror="alert(1)"><script>alert(2)</script>{{x}}"'`;

describe.skipIf(!path)("the pages of those who look after the library, in Chromium", () => {
  const stage = pagesStage(path, {});
  let server: Served;
  let proxy: DatabaseProxy;
  beforeAll(() => {
    ({ server, proxy } = stage);
  });
  afterEach(async () => {
    proxy.restore();
    await server.local.setMaintenance({ mode: "off" });
  });
  const visit = (path: string, username = ADMIN.username, options?: VisitOptions) =>
    stage.visit(path, username, options);
  const exactly = (on: Page | Locator, name: string) => on.getByRole("button", { name, exact: true });
  /** While the answer, which is shown this once, is on its way, nothing closes the dialog that shows it. */
  const impatiently = async (page: Page, asked: string, doing: Locator) => {
    const gate = Promise.withResolvers<void>();
    await page.route(asked, async (route) => {
      if (route.request().method() === "POST") await gate.promise;
      await route.continue();
    });
    await Promise.all([page.waitForRequest((request) => request.method() === "POST"), doing.click()]);
    for (let n = 0; n < 3; n += 1) await page.keyboard.press("Escape");
    await eventually(() => button(dialogOf(page), "Leave it").isDisabled());
    expect(await exactly(dialogOf(page), "Close").isDisabled()).toBe(true);
    gate.resolve();
    await button(page, "I have it").waitFor();
    await page.unroute(asked);
  };

  it("the first administrator comes from an empty library to a prompt served by key, in three clicks", async () => {
    const visitor = await visit("/");
    const { page } = visitor;
    let clicks = 0;
    const click = async (name: string) => {
      clicks += 1;
      await button(page, name).click();
    };
    await heading(page, "Welcome to your library").waitFor();
    expect(new URL(page.url()).pathname).toBe("/welcome");
    expect(await visitor.inaccessible()).toEqual([]);
    await page.getByRole("link", { name: "Import files" }).waitFor();
    await click("Save for production");
    await heading(page, /There are prompts/).waitFor();
    await click("Create a key");
    const command = await page.getByLabel("Command", { exact: true }).inputValue();
    await click("Copy Command");
    await page.getByText("Copied.").waitFor();
    expect(clicks).toBe(3);
    const [, token, url] = /^curl -H 'Authorization: Bearer (\S+)' '(\S+)'$/.exec(command) ?? [];
    const { status, json } = await server.ask((url ?? "").slice(server.url.length), { token });
    expect([status, json.name, json.labels]).toEqual([200, "hello", ["latest", "production"]]);
    expect(await visitor.inaccessible()).toEqual([]);

    await button(page, "Import the samples").click();
    await button(page, "They are in the library").waitFor();
    const { items } = await server.local.listPrompts({ folder: "samples", label: "production" });
    expect(items.length).toBeGreaterThan(3);
    for (const { name } of items) {
      const values = { text: "A long text.", question: "Why?" };
      expect(await server.local.renderPrompt(name, { label: "production", values }), name).toBeTruthy();
    }
    await page.getByRole("link", { name: "Look at them in the library" }).click();
    await page.getByRole("link", { name: "samples/greeting" }).waitFor();
    await page.goBack();
    await heading(page, /There are prompts/).waitFor();
    expect(await page.content()).not.toContain(token);
  });

  it("a user is added with a role and signs in; the password is shown once and nowhere kept", async () => {
    const visitor = await visit("/users");
    const { page } = visitor;
    await button(page, "Add a user").click();
    await exactly(dialogOf(page), "Add").click();
    await dialogOf(page).getByText("This is needed.").waitFor();
    await page.getByLabel("User name").fill("Eva!");
    await exactly(dialogOf(page), "Add").click();
    await dialogOf(page).getByText("A user name is 1 to 64").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.getByLabel("User name").fill("eva");
    await page.getByLabel("Role").selectOption("viewer");
    await impatiently(page, "**/api/users", exactly(dialogOf(page), "Add"));
    const password = await page.getByLabel("Password of eva").inputValue();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "I have it").click();
    await page.getByText("viewer in default").waitFor();
    const kept = await page.evaluate<string>(
      "document.documentElement.outerHTML + location + JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state])",
    );
    expect(kept).not.toContain(password);

    const hers = await stage.arrive(server);
    await hers.open("/");
    await hers.signIn("eva", password);
    await hers.page.getByText("Go to").click();
    const offered = await hers.page.getByRole("navigation", { name: "Pages" }).getByRole("link").allTextContents();
    expect(offered).toEqual(expect.arrayContaining(["Library", "Members", "Projects"]));
    expect(await hers.inaccessible()).toEqual([]);
    const forOthers = ["API keys", "First steps", "Users", "Audit log", "Maintenance", "Settings", "System"];
    expect(offered.filter((title) => forOthers.includes(title))).toEqual([]);

    await button(page, "Manage eva").click();
    await dialogOf(page).getByText("signed in").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await exactly(dialogOf(page), "Disable").click();
    await dialogOf(page).getByText("all sessions end at once").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await exactly(dialogOf(page), "Disable").click();
    await dialogOf(page).getByText("May not sign in.").waitFor();
    await hers.open("/members");
    await hers.page.getByLabel("User name").waitFor();
    await exactly(dialogOf(page), "Enable").click();
    await exactly(dialogOf(page), "Enable").click();
    await page.getByText("eva may sign in again.").waitFor();
    await button(dialogOf(page), "Make operator").click();
    await dialogOf(page)
      .getByRole("heading", { name: /operator/ })
      .waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(dialogOf(page), "Leave it").click();
    await button(dialogOf(page), "New password").click();
    await button(dialogOf(page), "Make a new password").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await impatiently(page, "**/api/users/eva/reset", button(dialogOf(page), "Make a new password"));
    const second = await page.getByLabel("New password of eva").inputValue();
    expect(second).not.toBe(password);
    await button(page, "I have it").click();
    await hers.signIn("eva", second);
  });

  it("a role is given, changed and taken; the last owner stays", async () => {
    await newUser(server, "cleo");
    const visitor = await visit("/members");
    const { page } = visitor;
    await button(page, "Add a member").click();
    await page.getByLabel("User name").fill("nobody");
    await exactly(dialogOf(page), "Add").click();
    await dialogOf(page).getByText("There is no user nobody.").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.getByLabel("User name").fill("cleo");
    await exactly(dialogOf(page), "Add").click();
    await page.getByText("cleo is editor in default.").waitFor();
    await button(page, "Change role of cleo").click();
    await page.getByRole("radio", { name: "admin" }).check();
    await button(page, "Make cleo admin").click();
    await page.getByText("cleo is admin in default.").waitFor();
    expect(await button(page, "Change role of admin").isDisabled()).toBe(true);
    // By somebody else, in another window: what is seen again is looked at again, as it is now and then by itself.
    await newUser(server, "lea", { role: "viewer" });
    await see(page, true);
    await button(page, "Change role of lea").waitFor();
    const hers = await visit("/keys", "cleo");
    await button(hers.page, "Create a key").click();
    await dialogOf(hers.page).getByLabel("Name").fill("too late");
    await server.local.setMember("cleo", "viewer");
    // The page may have heard of it before.
    const create = exactly(dialogOf(hers.page), "Create");
    await create.click({ timeout: 2_000 }).catch(() => {});
    await hers.page.getByText("This page is for owners and admins").waitFor();
    await server.local.setMember("cleo", "admin");
    await page.reload();
    await button(page, "Take out cleo").click();
    await dialogOf(page).getByText("loses the role admin").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.keyboard.press("Escape");
    await dialogOf(page).waitFor({ state: "hidden" });
    await button(page, "Take out cleo").click();
    await exactly(dialogOf(page), "Take out").click();
    await page.getByText("cleo is not in default any more.").waitFor();
    expect((await server.local.listMembers()).items.map(({ username }) => username)).not.toContain("cleo");
  });

  it("a key made on the page fetches a prompt, is rotated and revoked; the audit log shows it and exports it", async () => {
    await server.local.savePrompt({ name: "for keys", text: "x", labels: ["production"] });
    const visitor = await visit("/keys");
    const { page } = visitor;
    await button(page, "Create a key").click();
    await page.getByRole("checkbox", { name: "read" }).uncheck();
    await page.getByLabel("Ends").selectOption("day");
    await exactly(dialogOf(page), "Create").click();
    await dialogOf(page).getByText("This is needed.").waitFor();
    await dialogOf(page).getByText("Choose at least one thing that it may do.").waitFor();
    await dialogOf(page).getByText("Choose a day that is not over.").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.getByRole("checkbox", { name: "read" }).check();
    await dialogOf(page).getByLabel("Name").fill("The website");
    await page.getByLabel("Its last day").fill("2099-12-31");
    await impatiently(page, "**/api/keys?*", exactly(dialogOf(page), "Create"));
    const first = await page.getByLabel("API key", { exact: true }).inputValue();
    const fetch = async (token: string) => (await server.ask("/api/prompts/for%20keys", { token })).status;
    expect(await fetch(first)).toBe(200);
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "I have it").click();
    await page.getByText("ends 31 Dec 2099").waitFor();
    await server.local.createKey({ name: "Made elsewhere", scopes: ["read"] });
    await see(page, true);
    await button(page, /^Rotate Made elsewhere/).waitFor();
    expect(await page.content()).not.toContain(first);

    await button(page, /^Rotate The website/).click();
    await page.getByLabel("The old key works on for").selectOption({ label: "7 days" });
    expect(await visitor.inaccessible()).toEqual([]);
    await impatiently(page, "**/api/keys/*/rotate*", button(page, "Make the new key"));
    const second = await page.getByLabel("New API key").inputValue();
    await dialogOf(page).getByText("The old key").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    expect([await fetch(first), await fetch(second)]).toEqual([200, 200]);
    await button(page, "I have it").click();
    const [, oldId = ""] = first.split("_");
    await button(page, `Revoke The website (${oldId})`).click();
    await dialogOf(page).getByText("and for ever").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "Revoke for ever").click();
    await page.getByText("The key The website works no more.").waitFor();
    expect(await fetch(first)).toBe(401);
    expect(await visitor.inaccessible()).toEqual([]);

    await visitor.open(`/audit?action=key&subject=${oldId}`);
    const entries = page.getByRole("list", { name: "Entries" }).getByRole("listitem");
    await page.getByText("3 entries").waitFor();
    expect(await entries.count()).toBe(3);
    expect(await visitor.inaccessible()).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export what matches" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^audit-\d{4}-\d\d-\d\d\.ndjson$/);
    const lines = (await readFile(await download.path(), "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).action)).toEqual(["key.create", "key.rotate", "key.revoke"]);
    expect(lines.join()).not.toContain(first.split("_")[2]);
    await button(page, "key.rotate").click();
    await page.getByText("1 entry", { exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe(`?action=key.rotate&subject=${oldId}`);
    await page.goBack();
    await page.getByText("3 entries").waitFor();
    await button(page, "Show all").click();
    await page.waitForURL("**/audit");
  });

  it("the audit log goes on as far back as one asks", async () => {
    await server.local.savePrompt({ name: "often changed", text: "x" });
    for (let n = 0; n < 60; n += 1) await server.local.patchPrompt("often changed", { description: `Change ${n}` });
    const { page } = await visit("/audit?action=prompt.change&subject=often+changed&from=2020-01-01");
    await page.getByText("60 entries, the newest 50 shown").waitFor();
    await button(page, "Show older ones").click();
    await page.getByText("60 entries", { exact: true }).waitFor();
    await page.getByText("Change 0", { exact: true }).waitFor();
    await page.getByLabel("to the day").fill("2020-01-31");
    await exactly(page, "Show").click();
    await heading(page, "Nothing matches").waitFor();

    // What is typed is asked for with what is chosen, which keeps the focus.
    const [who, subject] = [page.getByLabel("Who", { exact: true }), page.getByLabel("On what")];
    await who.fill("nobody of this name");
    await page.getByRole("combobox", { name: "What" }).focus();
    await page.keyboard.press("ArrowDown");
    await page.waitForURL(/actor=nobody.*action=(?!prompt\.change)/);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    expect(await page.locator(":focus").getAttribute("name")).toBe("action");
    expect(await who.inputValue()).toBe("nobody of this name");
    await subject.fill("not asked for");
    await button(page, "Show all").click();
    await page.waitForURL("**/audit");
    expect([await who.inputValue(), await subject.inputValue()]).toEqual(["", ""]);
    await page.goBack();
    await eventually(async () => (await who.inputValue()) === "nobody of this name");
  });

  it("maintenance begins with a message, all pages say so and wait, and it ends", async () => {
    await newUser(server, "mona", { role: "editor" });
    const visitor = await visit("/maintenance");
    const { page } = visitor;
    const other = await visit("/prompts/hello", "mona");
    await page.getByText("No maintenance.").waitFor();
    await page.getByLabel("Message for users").fill(`Moving house. ${EVIL}`);
    await page.getByLabel("Planned end").fill("2020-01-01T10:00");
    await button(page, "Make it read-only").click();
    await page.getByText("This is over already.").waitFor();
    await page.getByLabel("Planned end").fill("2099-01-01T10:00");
    await button(page, "Make it read-only").click();
    await page.getByRole("region", { name: "What is true now" }).getByText("Read-only.").waitFor();
    await page.locator(".banner").getByText("Moving house.").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await other.open("/prompts/hello");
    await other.page.getByText("Moving house.").waitFor();
    await heading(other.page, "hello").waitFor();
    expect(await button(other.page, "Edit").isDisabled()).toBe(true);
    await other.page.getByRole("region", { name: "Labels" }).getByText("Waits until writing is possible").waitFor();
    for (const room of ["keys", "profile"]) {
      await visitor.open(`/${room}`);
      await page.locator("main").getByText("Waits until writing is possible again.").first().waitFor();
      expect(await page.locator("main button[title]").count(), "what only a mouse shows").toBe(0);
    }
    await visitor.open("/keys");
    await page.locator(".banner").waitFor();
    expect(await button(page, "Create a key").isDisabled()).toBe(true);
    // What only reads goes on, with all that the database has.
    await visitor.open("/audit");
    await page.locator(".banner").waitFor();
    const [log] = await Promise.all([page.waitForEvent("download"), page.getByText("Export what matches").click()]);
    expect(log.suggestedFilename()).toMatch(/^audit-.*\.ndjson$/);
    await visitor.open("/export");
    await page.locator(".banner").waitFor();
    const [bundle] = await Promise.all([page.waitForEvent("download"), page.getByText("Download the export").click()]);
    expect(bundle.suggestedFilename()).toMatch(/\.ndjson$/);
    expect(await button(page, "Download the bundle").isEnabled()).toBe(true);
    await visitor.open("/");
    await page.locator(".banner").waitFor();
    const [asked] = await Promise.all([
      page.waitForRequest(/search=good\+day/),
      page.getByLabel("Find", { exact: true }).fill("good day"),
    ]);
    expect(new URL(asked.url()).searchParams.get("in")).toBeNull();

    await visitor.open("/maintenance");
    await page.getByRole("radio", { name: "Closed" }).check();
    await button(page, "Close the library").click();
    await dialogOf(page).getByText("every application that fetches a prompt is refused").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "Close it").click();
    await page.getByText("Reading and writing are refused").waitFor();
    expect((await server.local.readMaintenance()).mode).toBe("closed");
    await page.reload();
    await button(page, "End the maintenance").click();
    await page.getByText("No maintenance.").waitFor();
    await page.locator(".banner").waitFor({ state: "hidden" });
    await eventually(async () => !(await button(other.page, "Edit").isDisabled()));
  });

  it("what is typed about a maintenance stays when another operator changes it; what nobody touched follows", async () => {
    const { page } = await visit("/maintenance");
    const message = page.getByLabel("Message for users");
    await page.getByText("No maintenance.").waitFor();
    await server.local.setMaintenance({ mode: "read-only", message: "Theirs" });
    await see(page, true);
    await eventually(async () => (await message.inputValue()) === "Theirs");
    await message.fill("Mine");
    await server.local.setMaintenance({ mode: "read-only", message: "Theirs, longer" });
    await see(page, true);
    await page.getByText("Users are told: “Theirs, longer”").waitFor();
    expect(await message.inputValue()).toBe("Mine");
    await button(page, "Change message and end").click();
    await page.getByText("Users are told: “Mine”").waitFor();
    await server.local.setMaintenance({ mode: "read-only", message: "Theirs again" });
    await see(page, true);
    await eventually(async () => (await message.inputValue()) === "Theirs again");
  });

  it("one’s own password is changed with all faults told at once, and the other session ends", async () => {
    await newUser(server, "pia", { role: "viewer" });
    const visitor = await visit("/profile", "pia");
    const elsewhere = await visit("/", "pia");
    const { page } = visitor;
    await button(page, "Change it").click();
    await page.getByText("This is needed.").waitFor();
    await page.getByText("A password has at least 12 characters.").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.getByLabel("Your password until now").fill("not my password");
    await page.getByLabel("The new one").fill("a sentence is good");
    await button(page, "Change it").click();
    await page.getByText("This is not your password.").waitFor();
    await page.getByLabel("Your password until now").fill("password of pia");
    await button(page, "Change it").click();
    await page.getByText("Your password is changed.").waitFor();
    expect(await page.getByLabel("The new one").inputValue()).toBe("");
    await page.getByText("this one", { exact: true }).waitFor();
    const sessions = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
    await eventually(async () => (await sessions.count()) === 1);
    await elsewhere.open("/profile");
    await elsewhere.signIn("pia", "a sentence is good");

    await page.reload();
    await button(page, /^End the session/).click();
    await dialogOf(page).getByText("is asked to sign in again").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(dialogOf(page), "End it").click();
    await page.getByText("The session has ended.").waitFor();
    await elsewhere.open("/");
    await elsewhere.page.getByLabel("User name").waitFor();
  });

  it("while the database is away what was known stays with its age, and what waits says why", async () => {
    const visitor = await visit("/members");
    const { page } = visitor;
    await page.getByRole("list", { name: "Members" }).waitFor();
    await page.getByText("Go to").click();
    await page.getByRole("link", { name: "System" }).click();
    await page.getByText("All is well.").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    proxy.cut();
    await page.getByRole("listitem", { name: "Database" }).getByText("down").waitFor();
    await page.getByText("It works, and something needs a look.").waitFor();
    await page.getByText("Read-only for the moment.").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.goBack();
    await page.getByText("The members as they were known").waitFor();
    await page.getByRole("list", { name: "Members" }).waitFor();
    expect(await button(page, "Add a member").isDisabled()).toBe(true);
    expect(await visitor.inaccessible()).toEqual([]);
    proxy.restore();
    await page.getByText("The members as they were known").waitFor({ state: "hidden" });
    await eventually(async () => await button(page, "Add a member").isEnabled());
  });

  it("who may only read sees no pages of those who look after the library, and the server refuses, too", async () => {
    const token = await newUser(server, "vera", { role: "viewer" });
    const visitor = await visit("/members", "vera");
    const { page } = visitor;
    await page.getByRole("list", { name: "Members" }).waitFor();
    expect(await button(page, "Add a member").count()).toBe(0);
    for (const [room, title] of [
      ["users", "Users"],
      ["keys", "API keys"],
      ["audit", "Audit log"],
      ["maintenance", "Maintenance"],
      ["settings", "Settings"],
      ["welcome", "Welcome"],
    ]) {
      await visitor.open(`/${room}`);
      await heading(page, title ?? "").waitFor();
      await page.getByText("This page is for").waitFor();
      if (room === "users") expect(await visitor.inaccessible()).toEqual([]);
    }
    for (const route of ["users", "keys", "audit", "settings"]) {
      expect((await server.ask(`/api/${route}`, { token })).status, route).toBe(403);
    }
  });

  it("the configuration is shown with where it comes from, and no secret in it", async () => {
    const visitor = await visit("/settings");
    const { page } = visitor;
    await page.getByText("JWT_SECRET", { exact: true }).waitFor();
    await page.getByText("given, not shown").first().waitFor();
    const text = await page.content();
    for (const secret of [ADMIN.password, server.config.jwtSecret, server.config.database?.url]) {
      expect(secret?.length).toBeGreaterThan(10);
      expect(text).not.toContain(secret);
    }
    expect(text).toContain(server.config.home.root);
    expect(await visitor.inaccessible()).toEqual([]);
  });

  it("on the narrowest and the widest screen nothing sticks out of any of these pages", async () => {
    await newUser(server, `${"very-long-name-".repeat(4)}1`, { role: "viewer" });
    await server.local.createKey({ name: "要約".repeat(30), scopes: ["read", "write", `label:${"x".repeat(30)}`] });
    const visitor = await visit("/members", ADMIN.username, { width: 360, dark: true });
    const { page } = visitor;
    const sticksOut = async () => {
      const found: string[] = [];
      for (const width of [3840, 360]) {
        await page.setViewportSize({ width, height: 800 });
        found.push(...(await visitor.sticksOut()));
      }
      return found;
    };
    for (const room of ROOMS) {
      await visitor.open(`/${room}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.getByText("Loading …").waitFor({ state: "hidden" });
      expect(await sticksOut(), room).toEqual([]);
      expect(await visitor.inaccessible(), room).toEqual([]);
    }
    await visitor.open("/keys");
    await button(page, "Create a key").click();
    expect(await sticksOut()).toEqual([]);
  });
});
