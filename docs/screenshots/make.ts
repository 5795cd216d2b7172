/**
 * Makes the pictures of the pages: a library in use on a fresh home, walked through in Chromium. Run it again when the
 * pages changed, and look at what it made: `bin/dev node docs/screenshots/make.ts`
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { createClient, type SavePrompt } from "../../src/sdk/index.ts";
import { findChromium, openChromium } from "../../test/support/browser.ts";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import { Instance } from "../../test/support/instance.ts";
import { settled } from "../../test/support/recovery-orders.ts";

const PASSWORD = "correct-horse-battery";
const directory = fileURLToPath(new URL(".", import.meta.url));

interface Picture {
  file: string;
  address: string;
  /** Is there when the page is ready. */
  shows: string;
  width: number;
  height: number;
  scheme: "light" | "dark";
}

const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const pictures: Picture[] = [
  { file: "library.png", address: "/", shows: "support/answer", scheme: "light", ...WIDE },
  { file: "prompt.png", address: "/prompts/support/answer", shows: "Versions", scheme: "light", ...WIDE },
  {
    file: "compare.png",
    address: "/prompts/support/answer?version=3&against=1",
    shows: "Versions",
    scheme: "dark",
    ...WIDE,
  },
  { file: "recovery.png", address: "/recovery", shows: "Time to recover", scheme: "light", ...WIDE },
  { file: "recovery-phone.png", address: "/recovery", shows: "Time to recover", scheme: "dark", ...PHONE },
];

const chromium = findChromium();
if (!chromium) throw new Error("pictures need Chromium");
const place = await temporaryDirectory("prompt-library-");
const elsewhere = join(place, "other-machine");
await mkdir(elsewhere);
const instance = await Instance.make(
  { ADMIN_PASSWORD: PASSWORD, BACKUP_LOCATIONS: `file://${elsewhere}?domain=elsewhere` },
  { directory: place },
);
const browser = await openChromium(chromium);
try {
  const url = await instance.start();
  await fill(url);
  // The first start takes a backup by itself.
  await settled(instance);
  for (const verb of [["backup"], ["drill", "database-failure"]]) {
    const { code, stderr } = await instance.run(verb);
    if (code !== 0) throw new Error(`${verb.join(" ")}: ${stderr}`);
  }
  for (const picture of pictures) await take(browser, url, picture);
} finally {
  await browser.close();
  await instance.stop();
  await instance.remove();
}

/** Prompts as teams have them, with what happened to them. */
async function fill(url: string): Promise<void> {
  const { token } = await createClient({ url }).login("admin", PASSWORD);
  const client = createClient({ url, token });
  const answer = (how: string) =>
    `You answer customers of {{shop}}.\n\nAnswer in {{language}}, ${how}. Say what you are sure of; for the rest, name a person to ask.\n\nQuestion:\n{{question}}\n`;
  const saves: SavePrompt[] = [
    ...["in two sentences", "in at most three sentences", "briefly, in at most three sentences"].map((how, at) => ({
      name: "support/answer",
      text: answer(how),
      tags: ["customers"],
      description: "The first answer to a question, before a person looks at it",
      message: ["First draft", "Room for an example", "Say that it should be short"][at] ?? "",
    })),
    {
      name: "support/summary",
      text: "Summarise this conversation for the next person on duty:\n\n{{conversation}}",
      tags: ["customers"],
    },
    {
      name: "support/tone",
      text: "Rewrite the text below so that it is calm and friendly. Keep every fact.\n\n{{text}}",
      tags: ["style"],
    },
    { name: "mail/welcome", text: "Write a welcome to {{name}}, who just joined {{team}}.", tags: ["mail"] },
    {
      name: "mail/subject",
      text: "Give five subject lines of at most six words for this mail:\n\n{{mail}}",
      tags: ["mail", "style"],
    },
    {
      name: "code/review",
      text: "Review this change. Begin with what could lose data.\n\n{{diff}}",
      tags: ["engineering"],
    },
    {
      name: "code/explain",
      text: "Explain this function to somebody who reads it at night:\n\n{{code}}",
      tags: ["engineering"],
    },
    {
      name: "incident/timeline",
      text: "Order these messages into a timeline, in UTC:\n\n{{messages}}",
      tags: ["engineering"],
    },
    {
      name: "translate/chat",
      messages: [
        { role: "system", content: "You translate into {{language}}. Keep names and code as they are." },
        { role: "user", content: "{{text}}" },
      ],
      tags: ["languages"],
    },
  ];
  for (const save of saves) await client.savePrompt(save);
  for (const [name, label, version] of [
    ["support/answer", "production", 2],
    ["support/answer", "staging", 3],
    ["support/summary", "production", 1],
    ["mail/welcome", "production", 1],
    ["code/review", "staging", 1],
    ["translate/chat", "production", 1],
  ] as const) {
    await client.moveLabel(name, label, version);
  }
}

async function take(
  browser: Browser,
  url: string,
  { file, address, shows, scheme, width, height }: Picture,
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  await page.goto(`${url}${address}`);
  await signIn(page);
  await page.getByText(shows).first().waitFor();
  // What comes behind the first answer: folders, who fetched what.
  await page.waitForTimeout(1_000);
  await page.screenshot({ path: join(directory, file) });
  await context.close();
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1 }).waitFor();
}
