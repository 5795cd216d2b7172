import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../src/base/clock.ts";
import { type Client, createClient } from "../src/sdk/index.ts";
import { findChromium, type VisitOptions } from "./support/browser.ts";
import { Instance } from "./support/instance.ts";
import { kill } from "./support/kill.ts";
import { openBrowser } from "./support/pages.ts";

const path = findChromium();
const PASSWORD = "correct-horse-battery";
const PROTECTED = /^Protected, (as promised|with 1 thing to look at)$/;

/** An operator at night, and somebody who is none, before a whole instance. */
describe.skipIf(!path)("the recovery page, in Chromium", () => {
  const { arrive } = openBrowser(path);
  let instance: Instance;
  let url: string;
  let operator: Client;

  beforeAll(async () => {
    // Slow enough that a backup can be watched, and cancelled; an export that dies with PostgreSQL is no matter here.
    instance = await Instance.make({ ADMIN_PASSWORD: PASSWORD, BACKUP_MAX_RATE: "8", EXPORT_AT: "off" });
    const far = join(instance.directory, "far");
    await mkdir(far);
    url = await instance.start({ BACKUP_LOCATIONS: `file://${far}?domain=elsewhere` });
    const admin = createClient({ url });
    const { token } = await admin.login("admin", PASSWORD);
    operator = createClient({ url, token });
    await operator.createUser({ username: "bob", password: "password of bob" });
    await operator.setMember("bob", "viewer");
    expect(await until(async () => (await operator.readReadiness()).lastBackup, { timeout: 60_000 })).toBeTruthy();
    const isDone = async () => (await operator.listJobs()).items[0]?.state === "done";
    expect(await until(isDone, { timeout: 60_000 })).toBe(true);
  }, 240_000);

  afterAll(async () => {
    await instance?.remove();
  });

  async function visit(username = "admin", options?: VisitOptions, path = "/recovery") {
    const visitor = await arrive({ url }, options);
    await visitor.open(path);
    await visitor.signIn(username, username === "admin" ? PASSWORD : undefined);
    return visitor;
  }
  const button = (page: Page, name: string | RegExp, exact = true) => page.getByRole("button", { name, exact });
  const card = (page: Page, name: string | RegExp) => page.getByRole("region", { name });

  it("says how safe everything is, measures a recovery on the spot, and is then content", async () => {
    const visitor = await visit("admin", { width: 390 });
    const { page } = visitor;
    await page.getByText("Protected, with 1 thing to look at", { exact: true }).waitFor();
    await card(page, "Time to recover").getByText("Not measured").waitFor();
    await card(page, "Data at risk")
      .getByText(/^[\d.]+ s$/)
      .waitFor();
    await page.getByText("Try the first recovery").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    expect(await visitor.sticksOut()).toEqual([]);
    await button(page, /^Drill now, since: Nobody has measured/, false).click();
    await page.getByText(/^Done Recovered in .* tables? with .* rows? compared/).waitFor({ timeout: 60_000 });
    await page.getByText("Protected, as promised", { exact: true }).waitFor();
    await card(page, "Time to recover").getByText("as a drill took it").waitFor();
    await card(page, "Drills (1)").getByText("came back as it was attested").waitFor();
    await card(page, "Drills (1)").getByText("As a table").click();
    await page.getByRole("cell", { name: "the same", exact: true }).waitFor();
    await card(page, "Backups (1)")
      .getByText(/^the same: \d+ tables/)
      .waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    expect(await visitor.sticksOut()).toEqual([]);
  });

  it("makes a backup that one watches, takes one back, and reads one back", async () => {
    const visitor = await visit();
    const { page } = visitor;
    const atWork = card(page, "Backup at work");
    await button(page, "Back up now").click();
    await atWork.getByText("Copying the database into every location", { exact: true }).waitFor();
    await atWork.getByText("begun by admin").waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.getByText(/^Done Backup made in primary, secondary/).waitFor({ timeout: 60_000 });
    await card(page, "Backups (2)").getByText("by hand").waitFor();

    await button(page, "Back up now").focus();
    await page.keyboard.press("Enter");
    // One that did not work can be tried again.
    const failed = { status: 500, json: { error: { code: "internal", message: "That did not work.", hint: "" } } };
    await page.route("**/api/recovery/jobs/*", (route) => route.fulfill(failed), { times: 1 });
    await button(page, "Cancel").click();
    await page.getByText("That did not work.").waitFor();
    await button(page, "Cancel").focus();
    await page.keyboard.press("Enter");
    await page.getByText("Backup ended early; what it began was taken back.").waitFor();
    // The buttons went meanwhile; whoever works by keyboard is still at the place.
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Back up now");
    await card(page, "Backups (2)").waitFor();

    await card(page, "Backups (2)")
      .getByRole("button", { name: /^Verify the backup/ })
      .first()
      .click();
    await page.getByText(/^Done The backup .* is whole: every byte was read back/).waitFor({ timeout: 60_000 });
    await card(page, "Backups (2)").getByText("every byte in primary, secondary").waitFor();
    await page.getByText("What was done last").click();
    await page.getByText("The backup was cancelled.").waitFor();
  });

  it("plans a restore: what would be lost, and the command that carries it out", async () => {
    const visitor = await visit("admin", { width: 360, dark: true });
    const { page } = visitor;
    const plan = card(page, "Plan a restore");
    await button(page, "Make the plan").click();
    await plan.getByText("promptlib restore latest", { exact: true }).waitFor();
    await plan.getByText("Nothing that is known.").waitFor();
    await plan.getByLabel("A moment").check();
    const moment = plan.getByLabel("As it was at");
    await moment.fill("2001-01-01T00:00:00");
    await button(page, "Make the plan").click();
    await plan.getByText("This cannot be restored.").waitFor();
    await plan.getByText("What can be:").waitFor();
    // The field is in the zone of the browser, the command in UTC.
    const now = await page.evaluate<string>(
      `new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 19)`,
    );
    await moment.fill(now);
    await button(page, "Make the plan").click();
    await plan.getByText(/^promptlib restore --at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/).waitFor();
    expect(await visitor.sticksOut()).toEqual([]);
    await plan.getByText("Step by step").click();
    expect(await visitor.inaccessible()).toEqual([]);
    await button(page, /^Plan a restore of the backup/, false)
      .first()
      .click();
    await plan.getByText(/^promptlib restore \d{8}T\d{6}Z-/).waitFor();
    // What is answered once something else was chosen is too late.
    const late = Promise.withResolvers<void>();
    await page.route("**/api/recovery/plan", (route) => late.promise.then(() => route.continue()), { times: 1 });
    await plan.getByLabel("The newest there is").check();
    const answered = page.waitForResponse("**/api/recovery/plan");
    await button(page, "Make the plan").click();
    await plan.getByLabel("A moment").check();
    late.resolve();
    await (await answered).finished();
    await page.evaluate("new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))");
    expect(await plan.getByText("promptlib restore latest", { exact: true }).count()).toBe(0);
  });

  it("goes on while PostgreSQL is dead: says so, plans and drills, and comes back by itself", async () => {
    const { page, ...visitor } = await opened();
    const control = join(instance.home.postgres, "data/global/pg_control");
    const [kept, { uid, gid }] = [await readFile(control), await stat(control)];
    await writeFile(control, randomBytes(100));
    kill((await instance.processes()).postgres, "SIGKILL");
    await page.getByText(/^The database has not been running for \d+ s/).waitFor();
    await page
      .getByText(/^At risk: \d things? to mend/)
      .first()
      .waitFor();
    await page.getByText("A backup waits for the database.").waitFor();
    expect(await button(page, "Back up now").isDisabled()).toBe(true);
    expect(await visitor.inaccessible()).toEqual([]);
    await card(page, /^Why/).getByRole("button", { name: "Plan a restore" }).click();
    await page.getByText("promptlib restore latest", { exact: true }).last().waitFor();
    await button(page, "Drill now").click();
    await page.getByText(/^Done Recovered in/).waitFor({ timeout: 60_000 });
    await writeFile(control, kept);
    await chown(control, uid, gid);
    await page.getByText(PROTECTED).waitFor({ timeout: 60_000 });
    await instance.healthy(url);
  });

  it("while PostgreSQL is killed under who writes, all stays, saving says why it waits, and nothing is lost", async () => {
    await operator.savePrompt({ name: "night/shift", text: "before" });
    const visitor = await visit("admin", {}, "/prompts/night/shift");
    const { page } = visitor;
    const text = page.getByRole("textbox", { name: "Text" });
    const saved = async () => (await operator.fetchPrompt("night/shift")).prompt;
    await button(page, "Edit").click();
    await text.fill("while it lived");
    // Nobody starts it again yet.
    const { guard, postgres } = await instance.processes();
    kill(guard, "SIGSTOP");
    kill(postgres, "SIGKILL");
    await text.press("End");
    await page.keyboard.type(", when it was killed");
    await page.keyboard.press("Control+s");
    await page.getByText("Read-only for the moment.").waitFor();
    await page.locator("form").getByText("Waits until writing is possible again.").waitFor();
    expect(await button(page, "Save version 2").isDisabled()).toBe(true);
    expect(await visitor.inaccessible()).toEqual([]);
    await page.keyboard.type(", and while it was dead");
    await page.keyboard.press("Control+s");
    kill(guard, "SIGCONT");
    await page.getByText("Read-only for the moment.").waitFor({ state: "hidden", timeout: 60_000 });
    const written = "while it lived, when it was killed, and while it was dead";
    expect(await text.inputValue()).toBe(written);
    await button(page, "Save version 2").click();
    await page.getByText("Saved as version 2.").waitFor();
    expect(await saved()).toMatchObject({ text: written, newest: 2 });

    // Also where it is back before anybody notices: saved at once, or when one presses it again; and once.
    await instance.healthy(url);
    await button(page, "Edit").click();
    await text.fill(`${written}, twice`);
    kill((await instance.processes()).postgres, "SIGKILL");
    await page.keyboard.press("Control+s");
    const isSaved = async () => {
      if (await page.getByText("Saved as version 3.").isVisible()) return true;
      // It may be gone by now, since it was saved.
      expect([`${written}, twice`, null]).toContain(await text.inputValue({ timeout: 500 }).catch(() => null));
      await button(page, "Save version 3")
        .click({ timeout: 500 })
        .catch(() => {});
      return false;
    };
    expect(await until(isSaved, { timeout: 60_000, every: 200 })).toBe(true);
    expect(await saved()).toMatchObject({ text: `${written}, twice`, newest: 3 });
    await instance.healthy(url);
  });

  it("runs nothing of what locations, backups, drills and reasons say", async () => {
    const evil = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;
    const said = ["url", "problem", "message", "remedy", "failure", "sentence", "object", "location"];
    const visitor = await visit();
    const { page } = visitor;
    const spoil = async (route: Route) => {
      const answer = await route.fetch();
      const spoilt = JSON.stringify(await answer.json(), (key, value) => {
        if (key === "warnings" || key === "notCompared") return [evil];
        if (key === "reasons")
          return [{ code: "location_problem", level: "critical", message: evil, remedy: `\`${evil}\`` }];
        if (key === "problems") return [{ location: evil, object: evil, problem: evil }];
        if (key === "differences") return [{ kind: "content", database: evil, name: evil, sentence: evil }];
        return said.includes(key) ? evil : value;
      });
      await route.fulfill({ response: answer, body: spoilt });
    };
    await page.route(/\/api\/recovery\/(readiness|info|drills|restores|jobs|plan)/, spoil);
    await page.reload();
    await card(page, "Locations").getByText(evil).first().waitFor();
    await card(page, /^Why/).getByText(evil).first().waitFor();
    await card(page, /^Backups/)
      .getByText(evil)
      .first()
      .waitFor();
    await card(page, /^Drills/)
      .getByText(evil)
      .first()
      .waitFor();
    await button(page, "Make the plan").click();
    await card(page, "Plan a restore").getByText("promptlib restore").first().waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    // One that is still under way would fail when the page is left.
    await page.unrouteAll({ behavior: "ignoreErrors" });
  });

  it("shows what was last known when the guardian falls silent, disables what it cannot do, and goes on with it", async () => {
    const { page, ...visitor } = await opened();
    const { guard } = await instance.processes();
    const system = await page.context().newPage();
    await system.goto(`${url}/system`);
    await system.getByText("All is well.").waitFor();
    kill(guard, "SIGSTOP");
    await system.getByRole("listitem", { name: "Guardian" }).getByText("has not answered since").waitFor();
    await system.close();
    await page.getByText("The guardian does not answer.").waitFor();
    await page.getByText(/^Not known now\. .* ago: Protected, /).waitFor();
    await page.getByText("Waits until the guardian is back.").first().waitFor();
    expect(await button(page, "Drill now").isDisabled()).toBe(true);
    expect(await visitor.inaccessible()).toEqual([]);
    kill(guard, "SIGKILL");
    await page.getByText(PROTECTED).waitFor({ timeout: 60_000 });
    await until(async () => await button(page, "Drill now").isEnabled(), { timeout: 20_000 });
    await instance.healthy(url);
  });

  it("promises no return to what nobody told of: it says until when, once nothing is heard any more", async () => {
    const visitor = await arrive({ url });
    const { page } = visitor;
    await page.clock.install();
    await visitor.open("/recovery");
    await visitor.signIn("admin", PASSWORD);
    const window = card(page, "Where you can return to");
    await window.getByText(/^Any moment from .* until now/).waitFor();
    await page.route("**/api/recovery/readiness*", (route) => route.abort());
    await until(
      async () => {
        await page.clock.fastForward("10:00");
        return await window.getByText(/^Any moment from .* until .*, .* ago/).isVisible();
      },
      { timeout: 20_000 },
    );
    expect(await window.getByText(/until now/).count()).toBe(0);
  });

  async function opened() {
    const visitor = await visit();
    const { page } = visitor;
    await page.getByText(PROTECTED).waitFor();
    await card(page, "Locations").getByText("secondary").waitFor();
    return { page, inaccessible: () => visitor.inaccessible() };
  }

  it("is for operators: others are offered nothing of it, see nothing of it, and ask for nothing of it", async () => {
    const visitor = await arrive({ url });
    const { page } = visitor;
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await visitor.open("/recovery");
    await visitor.signIn("bob");
    await page.getByRole("heading", { name: "Recovery is for operators" }).waitFor();
    expect(await visitor.inaccessible()).toEqual([]);
    await page.getByText("Go to").click();
    expect(await page.getByRole("link", { name: "Recovery" }).count()).toBe(0);
    expect(asked.filter((one) => one.startsWith("/api/recovery"))).toEqual([]);
  });
});
