import { beforeAll, describe, expect, it } from "vitest";
import { ROOM_PATHS } from "../src/web/address.ts";
import { findChromium, type VisitOptions } from "./support/browser.ts";
import { button, dialogOf, drop, heading, more, pagesStage, textOf } from "./support/pages.ts";
import { ADMIN, type Served } from "./support/server.ts";

const path = findChromium();
/** Into which one types. */
const FIELDS = ["input:is([type=text], [type=search], [type=password], :not([type]))", "textarea"]
  .map((field) => `${field}:visible:enabled:not([readonly])`)
  .join(", ");
const EVIL = `<img src=x onerror="alert(1)"><script>alert(2)</script>{{x}}"'`;

/** Whoever writes what looks like a script, wherever it can be written: it is shown, and nothing of it runs. */
describe.skipIf(!path)("what looks like a script, in Chromium", () => {
  const stage = pagesStage(path, { ada: "editor", cleo: "admin" });
  let server: Served;
  beforeAll(() => {
    ({ server } = stage);
  });
  const visit = (path: string, username: string | null = "ada", options?: VisitOptions) =>
    stage.visit(path, username, options);

  it("runs on no page that shows a prompt", async () => {
    const evil = `<img src=x onerror="alert(1)"><script>alert(2)</script>{{x}}<style>*{display:none}</style>`;
    const name = `evil/"><svg onload=alert(3)>`;
    const save = { name, tags: [`'"><b onmouseover=alert(4)>`], description: `<iframe src="javascript:alert(5)">` };
    await server.local.savePrompt({ ...save, text: evil, message: evil, config: { [evil]: evil } });
    const variables = { x: { description: evil, default: evil } };
    await server.local.savePrompt({ ...save, text: `${evil}2`, message: evil, config: { a: evil }, variables });
    const visitor = await visit("/?folder=evil", "cleo");
    const { page } = visitor;
    await page.getByRole("checkbox", { name: /Choose evil/ }).check();
    await button(page, "Tags …").click();
    await page.getByLabel("Add, separated by commas").fill(`<img src=x onerror=alert(6)>`);
    await page.getByText("has the tags").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "A prompt, a page, or what to do" }).waitFor();
    await page.keyboard.type("svg");
    await page.getByRole("option", { name: /onload=alert/ }).click();
    await page.getByText("<script>alert(2)</script>").first().waitFor();
    await page.getByRole("link", { name: "Compare version 1 with version 2" }).click();
    await page.getByRole("region", { name: "From version 1 to 2" }).getByText("onerror").first().waitFor();
    await page.getByText("Who did what").click();
    await page.getByText("saved version 2:").waitFor();
    const code = await more(page, "Copy as code …");
    await code.getByText("onload").waitFor();
    await page.keyboard.press("Escape");
    await button(page, "Edit").click();
    await textOf(page).fill(`${evil} mine {{`);
    await server.local.savePrompt({ name, text: `${evil} theirs`, message: evil });
    await textOf(page).fill(`${evil} mine`);
    await page.keyboard.press("Control+s");
    await page.getByRole("region", { name: "Both together" }).getByText("theirs", { exact: false }).first().waitFor();
    await button(page, "Drop mine").click();
    await server.local.trashPrompt(name);
    await visitor.open("/trash");
    await page.getByText("onload=alert(3)").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
  });

  it("runs neither where it is read nor where it is edited", async () => {
    const evil = `<img src=x onerror="alert(1)"><script>alert(2)</script>{{x}}`;
    const name = `"><svg onload=alert(3)> ${"‮"}x`;
    await server.local.savePrompt({
      name,
      text: evil,
      tags: [`'"><b onmouseover=alert(4)>`],
      description: "javascript:alert(5)",
      message: evil,
      config: { html: evil },
      variables: { x: { description: evil, default: evil } },
    });
    const visitor = await visit("/");
    const { page } = visitor;
    await page.getByRole("link", { name: "onload=alert(3)" }).click();
    await page.getByText("<script>alert(2)</script>").first().waitFor();
    await button(page, "Edit").click();
    expect(await textOf(page).inputValue()).toBe(evil);
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "Throw away").click();
  });

  it("runs in no dialog about a prompt: renaming, duplicating, labels, what it is for, the trash", async () => {
    const evil = (n: number) => `evil names/"><svg onload=alert(${n})>`;
    await server.local.savePrompt({ name: evil(1), text: "x", message: EVIL, labels: ["staging"] });
    await server.local.savePrompt({ name: evil(1), text: "y", message: EVIL });
    const visitor = await visit(`/prompts/${encodeURI(evil(1))}`, "cleo");
    const { page } = visitor;
    const name = "Name; a / makes folders";
    const rename = await more(page, "Rename or move …");
    await rename.getByLabel(name).fill(`${EVIL}/../`);
    await rename.getByText("The name has").waitFor();
    await rename.getByLabel(name).fill(evil(2));
    await rename.getByRole("button", { name: "Rename" }).click();
    await page.getByText(`It is called ${evil(2)} now; ${evil(1)} goes on answering.`).waitFor();
    const duplicate = await more(page, "Duplicate …");
    await duplicate.getByLabel("Name of the new prompt").fill(evil(2).replace("2", "3"));
    await duplicate.getByRole("button", { name: "Duplicate" }).click();
    await page.getByText(`${evil(3)} says what version 2 of ${evil(2)} does.`).waitFor();

    await button(page, "Add a label").click();
    await dialogOf(page).getByLabel("Name", { exact: true }).fill(EVIL);
    await button(page, `Put ${EVIL} on version 1`).click();
    // The browser says what a label is called, at the field.
    await dialogOf(page).locator("input:invalid").waitFor();
    await page.keyboard.press("Escape");
    await button(page, "Describe").click();
    await page.getByLabel("What is it for?").fill(EVIL);
    await page.getByLabel("Tags").fill(`'"><b onmouseover=alert(4)>`);
    await button(page, "Save").click();
    await page.locator(".page-head").getByText("<script>alert(2)</script>").waitFor();
    const trash = await more(page, "To the trash …");
    await trash.getByText("svg onload=alert(3)").waitFor();
    await trash.getByRole("button", { name: "Move to the trash" }).click();
    await page.getByText(`${evil(3)} is in the trash.`).waitFor();
    await visitor.open(`/prompts/${encodeURI(evil(2))}`);
    await button(page, "Move staging").click();
    await dialogOf(page).getByText("<script>alert(2)</script>").first().waitFor();
  });

  it("runs on no way of an import: the names of files, their rows, why some are refused", async () => {
    const visitor = await visit("/import", "cleo");
    const { page } = visitor;
    await heading(page, "Import").waitFor();
    const cell = `"${EVIL.replaceAll('"', '""')}"`;
    const file = `<img src=x onerror=alert(5)>`;
    await drop(page, `${file}.csv`, `act,prompt\n${cell},${cell}\n${cell},other\n${cell},\n`);
    await page.getByRole("region", { name: "What is imported" }).getByText(`${file}.csv`).waitFor();
    const plan = page.getByRole("region", { name: "What will change" });
    await plan.getByText("1 cannot be imported, 2 new.").waitFor();
    await plan.getByText("2 new", { exact: true }).click();
    await plan.getByText("it became").waitFor();
    await page.getByLabel("A name for these files").fill(EVIL);
    await page.getByRole("alert").getByText("The name has 1 to 64 letters").waitFor();
    expect(await button(page, "Import 2 changes").isDisabled()).toBe(true);
    expect(await visitor.inaccessible()).toEqual([]);
    await page.getByLabel("A name for these files").fill("");
    await button(page, "Import 2 changes").click();
    const done = page.getByRole("region", { name: "What was done" });
    await done.getByText("2 new", { exact: true }).click();
    await done.getByRole("link", { name: "<script>" }).first().waitFor();
    expect(await visitor.inaccessible()).toEqual([]);

    const request = { model: "m", messages: [{ role: EVIL, content: EVIL }] };
    await drop(page, `${file}.json`, JSON.stringify(request));
    await page.getByRole("region", { name: "What is imported" }).getByText(`${file}.json`).waitFor();
    await page.getByLabel("Format").selectOption("openai");
    await plan.getByText("has the role").waitFor();
    expect(await plan.textContent()).toContain("<script>alert(2)<");
  });

  it("runs on no page of those who look after the library", async () => {
    await server.local.createKey({ name: EVIL });
    await server.local.savePrompt({ name: `x ${EVIL.replaceAll("/", "∕")}`, text: "x", message: EVIL });
    await server.local.createProject({ name: "evil", description: EVIL });
    const mine = await server.local.login(ADMIN.username, ADMIN.password);
    await server.as(mine.token).createProject({ name: "evil-too", description: EVIL });
    await server.ask("/api/auth/login", { method: "POST", body: { username: EVIL.slice(0, 64), password: EVIL } });
    await server.ask("/api/auth/login", {
      method: "POST",
      body: ADMIN,
      headers: { "user-agent": `${EVIL} javascript:alert(3)` },
    });
    const visitor = await visit("/keys", ADMIN.username);
    const { page } = visitor;
    await page.getByText("<script>alert(2)</script>").first().waitFor();
    await visitor.open("/audit");
    await page.getByText("login.fail").first().waitFor();
    await page.getByText("<script>alert(2)</script>").first().waitFor();
    await visitor.open(`/audit?subject=${encodeURIComponent(EVIL)}&actor=${encodeURIComponent(EVIL)}`);
    await heading(page, "Nothing matches").waitFor();
    expect(await page.getByLabel("On what").inputValue()).toBe(EVIL);
    await visitor.open("/projects");
    await page.getByText("<script>alert(2)</script>").first().waitFor();
    await visitor.open("/profile");
    await page.getByRole("list", { name: "Sessions" }).waitFor();
    for (const [room, name] of [
      ["users", "Add a user"],
      ["members", "Add a member"],
      ["projects", "Make a project"],
    ] as const) {
      await visitor.open(`/${room}`);
      await button(page, name).click();
      await dialogOf(page)
        .getByLabel(/^(User name|Name)$/)
        .fill(EVIL);
      await dialogOf(page).locator("button[type=submit]").click();
      await dialogOf(page).locator(".fault, .failure").first().waitFor();
    }
    expect(await visitor.inaccessible()).toEqual([]);
  });

  it("runs in no field of any page, whatever is typed", async () => {
    await server.local.savePrompt({ name: "fields/tried", text: "{{a}} and {{b}}" });
    await server.local.savePrompt({ name: "fields/chat", messages: [{ placeholder: "history" }] });
    const visitor = await visit("/", ADMIN.username);
    const { page } = visitor;
    const typeInAll = async () => {
      await page.locator("h1").first().waitFor();
      const fields = page.locator(FIELDS);
      let typedIn = 0;
      // What is typed brings fields and takes them away, as variables do that a text names.
      for (; typedIn < (await fields.count()); typedIn += 1) await fields.nth(typedIn).fill(EVIL);
      return typedIn;
    };
    for (const room of Object.values(ROOM_PATHS)) {
      await visitor.open(room);
      await typeInAll();
    }
    await visitor.open("/?folder=fields");
    await page.getByRole("link", { name: "tried" }).waitFor();
    expect(await typeInAll()).toBeGreaterThan(0);
    await visitor.open("/prompts/fields/tried");
    await page.getByLabel("b", { exact: true }).waitFor();
    expect(await typeInAll()).toBeGreaterThan(1);
    await page.getByText(`${EVIL} and ${EVIL}`).first().waitFor();
    for (const prompt of ["tried", "chat"]) {
      await visitor.open(`/prompts/fields/${prompt}`);
      await button(page, "Edit").click();
      expect(await typeInAll()).toBeGreaterThan(1);
      await button(page, "Throw away").click();
    }
    await visitor.open("/?folder=fields");
    await page.getByRole("checkbox", { name: "Choose fields/tried" }).check();
    for (const deed of ["Tags …", "Label …", "Move to folder …"]) {
      await button(page, deed).click();
      await dialogOf(page).waitFor();
      await typeInAll();
      await page.keyboard.press("Escape");
    }
    await visitor.open("/keys");
    await button(page, "Create a key").click();
    expect(await typeInAll()).toBeGreaterThan(0);
  });

  it("what a page may not do is noticed, in this test, too", async () => {
    const visitor = await visit("/", null);
    await visitor.page.evaluate(
      `document.body.append(Object.assign(document.createElement("style"), { textContent: "p {}" }))`,
    );
    // The page is told of a violation a moment after what it did has failed.
    await visitor.page.evaluate(`new Promise((told) => {
      document.addEventListener("securitypolicyviolation", (event) => {
        if (event.effectiveDirective === "connect-src") told();
      });
      fetch("https://elsewhere.invalid/").catch(() => {});
    }).then(() => undefined)`);
    stage.visitors.splice(0);
    const faults = (await visitor.leave()).join("\n");
    expect(faults).toMatch(/against the policy: style-src/);
    expect(faults).toMatch(/against the policy: connect-src/);
  });
});
