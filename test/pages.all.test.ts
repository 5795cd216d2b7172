import { beforeAll, describe, expect, it } from "vitest";
import type { Client, ImportPiece } from "../src/sdk/index.ts";
import { findChromium, type VisitOptions } from "./support/browser.ts";
import { button, dialogOf, heading, pagesStage, see, textOf } from "./support/pages.ts";
import { eventually, type Served } from "./support/server.ts";

const path = findChromium();

/** Whole journeys in a real browser, against the real server. */
describe.skipIf(!path)("the pages, in Chromium", () => {
  const stage = pagesStage(path, { ada: "editor", bob: "viewer" });
  let server: Served;
  beforeAll(() => {
    ({ server } = stage);
  });
  const visit = (path: string, username: string | null = "ada", options?: VisitOptions) =>
    stage.visit(path, username, options);

  it("a newcomer signs in, is told that nothing is there, and writes the first prompt", async () => {
    const visitor = await visit("/", null);
    const { page } = visitor;
    await page.getByLabel("User name").fill("ada");
    await page.getByLabel("Password").fill("not her password");
    await button(page, "Sign in").click();
    await page.getByText("The user name or the password is wrong.").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await visitor.signIn("ada");
    await heading(page, "No prompts yet").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);

    await page.getByRole("link", { name: "Write the first prompt" }).click();
    await heading(page, "New prompt").waitFor();
    await page.getByLabel("Name", { exact: true }).fill("mail//welcome");
    await page.getByText("The name has an empty part").waitFor();
    await page.getByLabel("Name", { exact: true }).fill("mail/welcome");
    await textOf(page).fill("Hello {{name}, welcome!");
    await page.getByRole("form").getByText("line 1, column 7").waitFor();
    expect(await button(page, "Save").isDisabled()).toBe(true);
    await textOf(page).fill("Hello {{name}}, welcome!");
    await page.getByText("Variables (1)").click();
    await page.getByRole("group", { name: "name" }).getByLabel("Default").fill("you");
    await page.getByText("Hello you, welcome!").waitFor();
    await page.getByRole("region", { name: "Try it" }).getByLabel("name").fill("Ada");
    await page.getByText("Hello Ada, welcome!").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.getByLabel("Why this version?").fill("The first one");
    await button(page, "Save").click();
    await page.getByText("Saved mail/welcome.").waitFor();
    await heading(page, "welcome").waitFor();
    expect(new URL(page.url()).pathname).toBe("/prompts/mail/welcome");
    expect((await server.local.fetchPrompt("mail/welcome")).prompt).toMatchObject({
      text: "Hello {{name}}, welcome!",
      variables: { name: { default: "you" } },
      author: "user:ada",
      message: "The first one",
    });

    await button(page, "Describe").click();
    await page.getByLabel("What is it for?").fill("What everybody gets");
    await page.getByLabel("Tags").fill("mail, für alle");
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "Save").click();
    await page.getByText("für alle", { exact: true }).waitFor();
    await page.getByRole("link", { name: "mail", exact: true }).click();
    await page.getByRole("link", { name: "mail/welcome" }).waitFor();
    await button(page, "für alle").waitFor();
    expect(new URL(page.url()).search).toBe("?folder=mail");
  });

  it("the list is narrowed as one types, keeps it in the address, and draws only what is in view", async () => {
    const rowOf = (n: number) => `Many ${String(n).padStart(3, "0")},Text ${n},${n % 2 === 1 ? "TRUE" : "FALSE"},TEXT`;
    const csv = ["act,prompt,for_devs,type", ...Array.from({ length: 400 }, (_, n) => rowOf(n))].join("\n");
    const many = await stage.project("many", { ada: "editor" });
    await many.savePrompt({ name: "other/last", text: "x" });
    await importCsv(many, csv);
    const visitor = await visit("/?project=many");
    const { page } = visitor;
    const rows = page.getByRole("list", { name: "Prompts" }).getByRole("listitem");
    await page.getByText("401 prompts").waitFor();
    expect(await rows.count()).toBeLessThan(50);
    expect(await visitor.inaccessible()).toEqual([]);

    await page.keyboard.press("/");
    await page.keyboard.type("Text 39");
    await page.getByText("1 prompt", { exact: true }).waitFor();
    await page.locator("mark", { hasText: "39" }).waitFor();
    await page.waitForURL("**/?search=Text+39&project=many");
    expect(await visitor.inaccessible()).toEqual([]);
    await page.getByLabel("Find").fill("many");
    await page.getByText("400 prompts").waitFor();
    await page.getByLabel("Order").selectOption("-name");
    await page.getByLabel("Tag").selectOption("for-devs");
    await page.getByText("200 prompts").waitFor();
    await page.reload();
    await page.getByText("200 prompts").waitFor();
    expect(await page.getByLabel("Find").inputValue()).toBe("many");

    await page.getByRole("link", { name: "Many 395" }).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await heading(page, "Many 393").waitFor();
    await page.goBack();
    await page.getByText("200 prompts").waitFor();
    await page.getByLabel("Find").fill("manny");
    await page.getByText("nothing has “manny”; looked for many").waitFor();
    await page.getByLabel("Find").fill("xylophone");
    await heading(page, "Nothing matches").waitFor();
    await page.getByRole("link", { name: "Show all prompts" }).click();
    await page.getByText("401 prompts").waitFor();
    await button(page, "other/").click();
    await page.getByText("1 prompt", { exact: true }).waitFor();
    await page.goBack();
    await page.getByText("401 prompts").waitFor();

    await eventually(async () => {
      await page.keyboard.press("End");
      return await page.getByRole("link", { name: "other/last" }).isVisible();
    });
    expect(await rows.count()).toBeLessThan(50);
  });

  it("a label is moved, and moved back", async () => {
    await server.local.savePrompt({ name: "labelled", text: "one", labels: ["production"], message: "Short" });
    await server.local.savePrompt({ name: "labelled", text: "two" });
    const visitor = await visit("/prompts/labelled");
    const { page } = visitor;
    const labels = page.getByRole("region", { name: "Labels" });
    await labels.getByText("production").waitFor();
    await button(page, "Move production").click();
    await page.getByRole("dialog", { name: "Move production" }).waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(await page.locator(":focus").getAttribute("aria-label")).toBe("Move production");

    await button(page, "Move production").click();
    await button(page, "Put production on version 2").click();
    await page.getByText("production is on version 2; it was on version 1.").waitFor();
    expect((await server.local.readLabel("labelled", "production")).movedBy).toBe("user:ada");
    await button(page, "Undo").click();
    await page.getByText("production is on version 1 again.").waitFor();
    await labels.getByText("v1").waitFor();
    expect((await server.local.readLabel("labelled", "production")).version).toBe(1);

    const takeOff = async () => {
      await button(page, "Move production").click();
      await button(page, "Take production off this prompt").click();
      await page.getByText("production is on no version; it was on version 1.").waitFor();
    };
    await takeOff();
    await button(page, "Undo").click();
    await page.getByText("production is on version 1 again.").waitFor();
    await takeOff();
    await server.local.moveLabel("labelled", "production", 2);
    await button(page, "Undo").click();
    await page.getByText(/is on version 2, not on no version/).waitFor();
    await labels.getByText("v2").waitFor();
    expect((await server.local.readLabel("labelled", "production")).version).toBe(2);

    // That it failed is said on another page, too; what is away can be tried again.
    await button(page, "Move production").click();
    await button(page, "Take production off this prompt").click();
    await page.getByText("production is on no version; it was on version 2.").waitFor();
    await page.getByRole("link", { name: "Library", exact: true }).click();
    const undoing = "**/api/prompts/labelled/labels/production/undo*";
    await page.route(undoing, (route) => route.abort());
    await button(page, "Undo").click();
    await page.getByText(/^Moving production of labelled back failed\. The server at .* does not answer/).waitFor();
    await page.unroute(undoing);
    await server.local.moveLabel("labelled", "production", 2);
    await button(page, "Undo").click();
    await page.getByText(/^Moving production of labelled back failed\. .*is on version 2/).waitFor();
    expect(await button(page, "Undo").count()).toBe(0);
    await page.getByRole("link", { name: "labelled" }).click();
    await page.getByRole("link", { name: "Compare version 1 with version 2" }).click();
    const changes = page.getByRole("region", { name: "From version 1 to 2" });
    await changes.getByText("− one").waitFor();
    await changes.getByText("+ two").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await changes.getByRole("link", { name: "Close" }).click();
    await page.getByRole("link", { name: "Version 1", exact: true }).click();
    await page.getByText("one", { exact: true }).first().waitFor();
    expect(new URL(page.url()).search).toBe("?version=1");
  });

  it("what was done is said, with the way back, as long as somebody is there with the focus or the mouse, and 10 s longer", async () => {
    await server.local.savePrompt({ name: "held", text: "one", labels: ["production"] });
    await server.local.savePrompt({ name: "held", text: "two" });
    const { page } = await visit("/prompts/held");
    await button(page, "Move production").click();
    await page.clock.install();
    await button(page, "Put production on version 2").click();
    await page.getByText("production is on version 2; it was on version 1.").waitFor();
    await button(page, "Undo").focus();
    await page.clock.fastForward(15_000);
    await page.keyboard.press("Enter");
    const said = page.getByText("production is on version 1 again.");
    const close = button(page, "Close this notice");
    await close.hover();
    // By now the page has heard of the mouse.
    await page.waitForTimeout(200);
    await page.clock.fastForward(15_000);
    await close.focus();
    await page.mouse.move(0, 0);
    await page.clock.fastForward(15_000);
    await close.blur();
    expect(await said.count()).toBe(1);
    await page.clock.fastForward(10_000);
    await said.waitFor({ state: "hidden" });
  });

  it("what somebody else saved meanwhile is shown beside one’s own, and neither is lost", async () => {
    await server.local.savePrompt({ name: "shared", text: "Dear customer,\nthank you.\nBye" });
    const visitor = await visit("/prompts/shared");
    const { page } = visitor;
    await button(page, "Edit").click();
    await textOf(page).fill("Dear customer,\nthanks a lot.\nBye");
    await server.local.savePrompt({ name: "shared", text: "Dear friend,\nthank you.\nBye", message: "Warmer" });
    await page.keyboard.press("Control+s");
    const conflict = page.getByRole("region", { name: "Somebody saved meanwhile" });
    await conflict.getByText("Warmer").waitFor();
    await conflict.getByText("Dear friend,").first().waitFor();
    expect(await textOf(page).inputValue()).toContain("thanks a lot.");
    expect(await visitor.inaccessible()).toEqual([]);

    await page.reload();
    await conflict.getByText("Dear friend,").first().waitFor();
    await button(page, "Drop mine").click();
    await conflict.waitFor({ state: "hidden" });
    await button(page, "Undo").click();
    await conflict.getByText("Dear friend,").first().waitFor();
    expect(await textOf(page).inputValue()).toContain("thanks a lot.");
    await button(page, "Go on with mine").click();
    await textOf(page).fill("Dear friend,\nthanks a lot.\nBye");
    await button(page, "Save version 3").click();
    await page.getByText("Saved as version 3.").waitFor();
    const texts = await Promise.all(
      [1, 2, 3].map(async (version) => (await server.local.fetchPrompt("shared", { version })).prompt.text),
    );
    expect(texts.map((text) => text?.split("\n").slice(0, 2).join(" "))).toEqual([
      "Dear customer, thank you.",
      "Dear friend, thank you.",
      "Dear friend, thanks a lot.",
    ]);
  });

  it("another prompt that took the name meanwhile is not written over", async () => {
    await server.local.savePrompt({ name: "retaken", text: "of the first" });
    const { page } = await visit("/prompts/retaken");
    await page.getByRole("region", { name: "Versions" }).getByText("Version 1").first().waitFor();
    await button(page, "Edit").click();
    await textOf(page).fill("of the first, and more");
    await server.local.trashPrompt("retaken");
    await server.local.savePrompt({ name: "retaken", text: "of the second" });
    await page.keyboard.press("Control+s");
    const conflict = page.getByRole("region", { name: "Somebody saved meanwhile" });
    await conflict.getByText("It is another prompt, which has this name now.").waitFor();
    expect((await server.local.fetchPrompt("retaken")).prompt).toMatchObject({ version: 1, text: "of the second" });
    await server.local.savePrompt({ name: "retaken", text: "of the second, later" });
    await page.reload();
    await conflict.getByText("It is another prompt, which has this name now.").waitFor();
    expect(await textOf(page).inputValue()).toBe("of the first, and more");
  });

  it("a session that ends asks to sign in again, and goes on where it was; who signs out is out", async () => {
    await server.local.savePrompt({ name: "session", text: "before" });
    const visitor = await visit("/prompts/session");
    const { page } = visitor;
    await button(page, "Edit").click();
    await textOf(page).fill("not saved yet");
    const [token] = await page.context().cookies();
    await server.local.endUserSessions("ada");
    await eventually(async () => (await server.ask("/api/auth/me", { token: token?.value })).status === 401);
    // The page may have heard of it before.
    await page.keyboard.press("Control+s");
    await page.getByText("Your session has ended.").waitFor();
    // What a proxy answers by itself is told, too.
    const answer = { status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" };
    await page.route("**/api/auth/login", (route) => route.fulfill(answer), { times: 1 });
    await page.getByLabel("User name").fill("ada");
    await page.getByLabel("Password").fill("password of ada");
    await button(page, "Sign in").click();
    await page.getByText(/is not Prompt Library/).waitFor();
    await visitor.signIn("ada");
    expect(await textOf(page).inputValue()).toBe("not saved yet");
    await button(page, "Throw away").click();

    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([{ name: "promptlib_session", httpOnly: true, sameSite: "Lax" }]);
    await page.getByText("ada", { exact: true }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("User name").waitFor();
    expect(await page.context().cookies()).toEqual([]);
    await visitor.open("/prompts/session");
    await page.getByLabel("User name").waitFor();
  });

  it("whoever signs out, or in as somebody else, does so in every tab; whose role is taken sees nothing more", async () => {
    const taken = await stage.project("taken", { bob: "viewer" });
    await taken.savePrompt({ name: "theirs", text: "of the project" });
    await server.local.savePrompt({ name: "tabs", text: "x" });
    const visitor = await visit("/prompts/tabs");
    const { page } = visitor;
    const other = await page.context().newPage();
    await other.goto(`${server.url}/prompts/tabs`);
    await button(other, "Edit").waitFor();
    // Nobody looks at it, so it asks for nothing.
    await see(other, false);
    await page.getByText("ada", { exact: true }).click();
    await button(page, "Sign out").click();
    await other.getByText("Your session has ended.").waitFor();
    await visitor.signIn("bob");
    await other.getByText("bob", { exact: true }).waitFor();
    await heading(other, "tabs").waitFor();
    expect(await button(other, "Edit").count()).toBe(0);
    await other.close();

    await visitor.open("/prompts/theirs?project=taken");
    await page.getByRole("region", { name: "Version 1" }).getByText("of the project").waitFor();
    await taken.removeMember("bob");
    await heading(page, "You are not in a project taken").waitFor();
  });

  it("who may only read is offered nothing else", async () => {
    await server.local.savePrompt({ name: "to read", text: "Hello {{name}}", labels: ["production"] });
    const visitor = await visit("/prompts/to%20read", "bob");
    const { page } = visitor;
    await page.getByLabel("name", { exact: true }).fill("Bob");
    await page.getByText("Hello Bob").waitFor();
    await page.getByRole("region", { name: "Labels" }).getByText("production").waitFor();
    for (const deed of ["Edit", "Add a label", "Move production"]) expect(await button(page, deed).count()).toBe(0);
    await visitor.open("/new");
    await heading(page, "You may read here").waitFor();
  });

  it("Enter in the palette goes to what is typed, also before that was found", async () => {
    for (const name of ["pal/first", "pal/second"]) await server.local.savePrompt({ name, text: name });
    const { page } = await visit("/");
    await page.keyboard.press("Control+k");
    const field = page.getByRole("combobox", { name: "A prompt, a page, or what to do" });
    await field.fill("pal fir");
    await page.getByRole("option", { name: "pal/first", selected: true }).waitFor();
    // With which somebody chooses a word of an input method.
    for (const how of ["isComposing: true", "keyCode: 229"]) {
      const isTaken = await page.evaluate<boolean>(`!document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", { key: "Enter", ${how}, bubbles: true, cancelable: true }))`);
      expect(isTaken, how).toBe(false);
    }
    const gate = Promise.withResolvers<void>();
    await page.route(/api\/prompts\?.*search=pal/, async (route) => {
      await gate.promise;
      await route.continue();
    });
    await Promise.all([page.waitForRequest(/search=pal\+sec/), field.fill("pal sec")]);
    await page.keyboard.press("Enter");
    gate.resolve();
    await heading(page, "second").waitFor();
  });

  it("the palette is there before anybody asks for it, so that the first letters typed into it stay", async () => {
    const visitor = await stage.arrive(server);
    const { page } = visitor;
    const loaded = page.waitForResponse(/assets\/palette-.*\.js/);
    await visitor.open("/");
    await visitor.signIn("ada");
    await (await loaded).finished();
    // And run.
    await page.evaluate("new Promise((done) => setTimeout(() => requestIdleCallback(done), 300))");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("pal");
    expect(await page.getByRole("combobox", { name: "A prompt, a page, or what to do" }).inputValue()).toBe("pal");
  });

  it("a palette whose code does not come says so, and the page stays as it is", async () => {
    const visitor = await stage.arrive(server);
    const { page } = visitor;
    await page.route(/assets\/palette-.*\.js/, (route) => route.abort());
    await visitor.open("/");
    await visitor.signIn("ada");
    await page.getByLabel("Find", { exact: true }).fill("qqqqqqqq");
    await page.keyboard.press("Control+k");
    await dialogOf(page).getByText("This cannot be shown: the server does not answer").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.keyboard.press("Escape");
    await heading(page, "Nothing matches").waitFor();
    await page.keyboard.press("Control+k");
    await button(page, "Load the page again").click();
    await dialogOf(page).waitFor({ state: "hidden" });
    await heading(page, "Nothing matches").waitFor();
    await page.keyboard.press("Control+k");
    await dialogOf(page).getByText("This cannot be shown: the server does not answer").waitFor();
    await page.keyboard.press("Escape");
    await dialogOf(page).waitFor({ state: "hidden" });
    await page.unroute(/assets\/palette-.*\.js/);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "A prompt, a page, or what to do" }).waitFor();
  });

  it("a fault while something is drawn takes that away, and nothing else", async () => {
    await stage.project("sound", { ada: "editor" });
    const visitor = await visit("/trash");
    const { page } = visitor;
    await heading(page, /^Trash$/).waitFor();
    const lists = /api\/prompts\?(?!.*project=sound)/;
    await page.route(lists, (route) => route.fulfill({ json: { items: [{ name: {} }], total: 1, nextCursor: null } }));
    await page.keyboard.press("Control+k");
    await dialogOf(page).getByText("This cannot be shown: it failed").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "Leave it").click();
    await heading(page, /^Trash$/).waitFor();
    await page.getByRole("link", { name: "Prompt Library" }).click();
    await heading(page, "This page failed").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.getByRole("combobox", { name: "Project" }).selectOption("sound");
    await heading(page, "No prompts yet").waitFor();
    await page.goBack();
    await heading(page, "This page failed").waitFor();
    await page.getByText("Go to").click();
    await page.getByRole("link", { name: "Trash" }).click();
    await heading(page, /^Trash$/).waitFor();
    await page.goBack();
    await heading(page, "This page failed").waitFor();
    await page.unroute(lists);
    await button(page, "Load it again").click();
    await heading(page, /^Library$/).waitFor();
    // What it was stands in the console, where every other test takes it for a fault.
    stage.visitors.splice(0);
    const faults = await visitor.leave();
    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) expect(fault).toMatch(/^in the console: (TypeError|Error: Minified React error #31)/);
  });

  it.each([360, 3840])("at a width of %d nothing sticks out, in languages of either direction", async (width) => {
    const name = `wide/${"لمحة عامة ".repeat(3).trim()}/${"要約".repeat(20)}`;
    const message = "x".repeat(300);
    await server.local.savePrompt({ name, messages: [{ role: "user", content: `${message} {{متغير}}` }], message });
    const visitor = await visit("/?folder=wide", "ada", { width, dark: true });
    const { page } = visitor;
    await page.getByRole("link", { name: "要約" }).waitFor();
    expect(await visitor.sticksOut()).toEqual([]);
    await page.getByRole("link", { name: "要約" }).click();
    await heading(page, "Versions").waitFor();
    await page.getByText("user", { exact: true }).first().waitFor();
    expect(await visitor.sticksOut()).toEqual([]);
    await button(page, "Edit").click();
    expect(await visitor.sticksOut()).toEqual([]);
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, "Throw away").click();
  });
});

async function importCsv(client: Client, csv: string): Promise<void> {
  async function* pieces(): AsyncGenerator<ImportPiece> {
    yield { path: "prompts.csv", content: csv };
  }
  for await (const line of client.importPrompts(pieces(), { format: "csv" })) {
    if ("summary" in line) expect(line.summary.rejected).toBe(0);
  }
}
