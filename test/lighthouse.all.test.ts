import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ROOM_PATHS } from "../src/web/address.ts";
import { findChromium } from "./support/browser.ts";
import { temporaryDirectory } from "./support/cluster.ts";
import { type FreshDatabase, freshDatabase } from "./support/database.ts";
import { Instance } from "./support/instance.ts";
import { Judge } from "./support/lighthouse.ts";
import { settled } from "./support/recovery-orders.ts";
import { ADMIN, type Served, serveOn } from "./support/server.ts";

const path = findChromium();

describe.skipIf(!path)("Lighthouse gives each page at least 95 for accessibility and best practices", () => {
  let database: FreshDatabase;
  let server: Served;
  let judge: Judge;

  beforeAll(async () => {
    database = await freshDatabase();
    server = await serveOn(database);
    await server.local.savePrompt({
      name: "mail/welcome",
      text: "Hello {{name}}",
      labels: ["production"],
      tags: ["mail"],
    });
    judge = await Judge.open(path ?? "", await temporaryDirectory(), ["accessibility", "best-practices"]);
  }, 180_000);
  afterAll(async () => {
    await judge?.close();
    await server?.close();
    await database?.drop();
  });

  const signIn = async (url: string) => {
    const page = await judge.context.newPage();
    await page.goto(url);
    await page.getByLabel("User name").fill(ADMIN.username);
    await page.getByLabel("Password").fill(ADMIN.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "Prompt Library" }).waitFor();
    await page.close();
  };
  const expectGood = async (address: string, url = server.url) => {
    const { scores, faults } = await judge.judge(`${url}${address}`);
    expect(scores.accessibility, faults.join("\n")).toBeGreaterThanOrEqual(95);
    expect(scores["best-practices"], faults.join("\n")).toBeGreaterThanOrEqual(95);
  };

  it("the sign-in", async () => {
    await expectGood("/");
  });

  describe("signed in", () => {
    beforeAll(async () => {
      await signIn(server.url);
    });

    it.each(["/", "/new", "/prompts/mail/welcome", ...Object.values(ROOM_PATHS)])("%s", (address) =>
      expectGood(address),
    );
  });

  // The last: for cookies all ports of a machine are one, so the session takes the place of the one above.
  it("/recovery, where there is a guardian", async () => {
    const instance = await Instance.make({ ADMIN_PASSWORD: ADMIN.password });
    onTestFinished(() => instance.remove());
    const url = await instance.start();
    await settled(instance);
    await signIn(url);
    await expectGood("/recovery", url);
  });
});
