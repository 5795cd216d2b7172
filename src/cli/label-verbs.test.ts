/** The verbs about labels and names, as they are typed, against the real server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launcher } from "../../test/support/instance.ts";
import { freshServer, type Served } from "../../test/support/server.ts";

let server: Served;
beforeAll(async () => {
  server = await freshServer();
});
afterAll(async () => await server.close());

/** What the verb prints: its result, then, below, its remarks; with the exit code in front when it failed. */
async function run(...words: string[]): Promise<string> {
  const env = { PATH: process.env.PATH ?? "", PROMPTLIB_URL: server.url, PROMPTLIB_API_KEY: server.localToken };
  const child = spawn(launcher, words, { env: { ...env, TZ: "UTC" }, cwd: server.config.home.root });
  const printed = { out: "", remarks: "" };
  child.stdout.on("data", (data) => (printed.out += data));
  child.stderr.on("data", (data) => (printed.remarks += data));
  const [code] = await once(child, "close");
  return `${code === 0 ? "" : `exit ${code}\n`}${printed.out}${printed.remarks}`;
}

const whenExactly = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}`;
const when = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d`;

describe("the command line", () => {
  it("moves a label, tells its history, and takes the move back", async () => {
    await server.local.savePrompt({ name: "a", text: "one", labels: ["production"] });
    const { movedAt: before } = await server.local.readLabel("a", "production");
    await server.local.savePrompt({ name: "a", text: "two", labels: ["staging"] });
    expect(await run("label", "a", "production", "staging")).toBe("a: production is on version 2\n");
    expect(await run("label", "a", "production")).toBe("a: production is on version 2\n");
    expect(await run("label", "a", "production", "--at", before)).toBe("a: production was on version 1\n");
    expect(await run("label", "a", "production", "1", "--undo")).toMatch(
      /^exit 5\n.*is on version 2, not on 1: local:/,
    );
    expect(await run("label", "a", "production", "--undo")).toMatch(
      new RegExp(`^a: production is on version 1 again\nTaken back: the move to 2 by local:\\w+, ${when}\\.\n$`),
    );
    expect(await run("label", "a", "production", "--history")).toMatch(
      new RegExp(
        `^MOVED +FROM +TO +BY\n${whenExactly} +2 +1 +local:\\w+ \\(undo\\)\n${whenExactly} +1 +2 +local:\\w+\n${whenExactly} +nowhere +1 .*\n$`,
      ),
    );
    const [, told = ""] =
      new RegExp(`(${whenExactly}) +nowhere +1`).exec(await run("label", "a", "production", "--history")) ?? [];
    expect(await run("label", "a", "production", "--at", told)).toBe("a: production was on version 1\n");
    expect(await run("label", "a", "production", "--undo", "--history")).toMatch(/^exit 2\n.*Give one of/);
    expect(await run("label", "a", "--fetches")).toMatch(/^Nobody fetched it so far/);
  });

  it("purges what is in the trash once that is confirmed, and redacts in it", async () => {
    for (const text of ["secret", "clean"]) await server.local.savePrompt({ name: "to purge", text });
    expect(await run("trash", "to purge")).toMatch(/^to purge is in the trash\n/);
    expect(await run("redact", "to purge", "1", "--trash", "--reason", "a secret")).toMatch(
      /^to purge: version 1 says nothing/,
    );
    expect(await run("trash", "to purge", "--purge")).toMatch(/^exit 2\n.*to purge \(ID \d+\): 2 versions.*\n.*--yes/);
    expect(await run("trash", "--purge", "--yes")).toMatch(/^exit 2\n/);
    expect(await run("trash", "--purge", "--older-than", "1d", "--yes")).toBe("Nothing in the trash is that old.\n");
    expect(await run("trash", "to purge", "--purge", "--yes")).toMatch(/^to purge is gone\nBackups, WAL and exports/);
    expect(await run("trash")).toBe("The trash is empty.\n");
    await server.local.savePrompt({ name: "to purge", text: "x" });
    await server.local.trashPrompt("to purge");
    await server.local.savePrompt({ name: "to purge", text: "another" });
    await server.local.trashPrompt("to purge");
    const ids = (await server.local.listTrash()).items.map(({ id }) => id);
    for (const verb of [
      ["trash", "to purge", "--purge", "--yes"],
      ["redact", "to purge", "1", "--trash", "--reason", "x"],
    ]) {
      const refused = await run(...verb);
      expect(refused).toMatch(/^exit 2\n/);
      for (const id of ids) expect(refused).toContain(id);
    }
    expect(await run("trash", ids[1] ?? "", "--purge", "--yes")).toMatch(/^to purge is gone/);
    expect((await server.local.listTrash()).items.map(({ id }) => id)).toEqual(ids.slice(0, 1));
    expect(JSON.parse(await run("trash", "--purge", "--older-than", "0s", "--yes", "--json"))).toMatchObject({
      items: [{ name: "to purge", heldByBackupsUntil: null }],
    });
  });

  it("promotes, lists who has a label, and protects it", async () => {
    expect(await run("promote", "staging", "production", "a", "--dry-run")).toMatch(
      /^NAME +FROM +TO\na +1 +2\nproduction of 1 prompt would be moved to where staging is\.\n$/,
    );
    expect(await run("promote", "staging", "production", "a", "b")).toMatch(/^exit 5\n.*“b” is not there/);
    expect(await run("promote", "staging", "production", "--all")).toMatch(/was moved to where staging is\.\n$/);
    expect(await run("labelled", "production")).toMatch(new RegExp(`^NAME +VERSION +MOVED +BY\na +2 +${when} +local:`));
    expect(await run("labelled", "nothing")).toBe("No prompt has the label nothing.\n");
    expect(await run("protect", "production")).toBe("production is protected\n");
    expect(await run("protect")).toMatch(/^LABEL +PROTECTED +BY\nproduction /);
    expect(await run("protect", "production", "--remove")).toBe("production is not protected any more\n");
  });

  it("renames, finds under the old name, duplicates, redacts", async () => {
    expect(await run("rename", "a", "mail/a")).toMatch(/^a is called mail\/a now\nThe old name goes on answering/);
    expect(await run("get", "a")).toBe("twoa is called mail/a now.\n");
    expect(await run("alias")).toMatch(new RegExp(`^NAME +NOW +RENAMED +BY\na +mail/a +${when} +local:`));
    expect(await run("duplicate", "mail/a", "copy", "--version", "1")).toBe("copy: Copy of mail/a, version 1\n");
    expect(await run("redact", "mail/a", "1", "--reason", "a secret")).toMatch(
      /^mail\/a: version 1 says nothing any more\nBackups and WAL from before still hold it.*\nThe same still stands in: copy 1\.\n$/,
    );
    expect(await run("get", "mail/a", "--version", "1")).toMatch(/^exit 3\n.*was redacted at .* \(version_redacted\)/);
    await writeFile(join(server.config.home.root, "a.txt"), "new");
    expect(await run("push", "a", "a.txt")).toMatch(/^exit 5\n.*“a” is a former name of “mail\/a”, which still/);
    expect(await run("duplicate", "copy", "a")).toMatch(/^a: Copy of copy, version 1\nmail\/a was called a before; /);
    await server.local.renamePrompt("a", "b");
    expect(await run("alias", "a", "--remove")).toBe("a answers no more\n");
    expect(await run("alias", "a")).toMatch(/^exit 2\n/);
  });

  it("moves a prompt to the trash, lists what is there, and brings back the last of a name, or any by its id", async () => {
    expect(await run("trash")).toBe("The trash is empty.\n");
    for (const text of ["first", "second"]) {
      await server.local.savePrompt({ name: "thrown", text });
      expect(await run("trash", "thrown")).toMatch(/^thrown is in the trash\nNothing of it is lost: /);
    }
    const { items } = await server.local.listTrash();
    expect(await run("trash")).toMatch(
      new RegExp(
        `^NAME +VERSION +TRASHED +BY +ID\nthrown +1 +${when} +local:.* ${items[0]?.id}\nthrown .* ${items[1]?.id}\n$`,
      ),
    );
    expect(await run("trash", "thrown", "--restore")).toBe("thrown is back\n");
    expect(await run("get", "thrown")).toBe("second");
    expect(await run("trash", items[1]?.id ?? "", "--restore")).toMatch(
      /^exit 5\n.*Another prompt has taken this name/,
    );
    await server.local.renamePrompt("thrown", "kept");
    await server.local.removeAlias("thrown");
    expect(await run("trash", items[1]?.id ?? "", "--restore")).toBe("thrown is back\n");
    expect(await run("get", "thrown")).toBe("first");
    expect(await run("trash", "--restore")).toMatch(/^exit 2\n/);
    expect(await run("trash", "thrown", "--restore")).toMatch(
      /^exit 3\n.*There is no prompt named “thrown” in the trash/,
    );
  });
});
