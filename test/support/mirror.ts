/** A mirror of the test's own: a library, a folder, and writers that are stopped whatever happened. */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { until } from "../../src/base/clock.ts";
import { openLog } from "../../src/base/log.ts";
import { currentCursor } from "../../src/database/changes.ts";
import { AccessList } from "../../src/library/access.ts";
import { mirrorFile } from "../../src/library/mirror-file.ts";
import { fetchMirrored, listMirrored } from "../../src/library/mirror-reader.ts";
import { MirrorWriter } from "../../src/library/mirror-writer.ts";
import { ReadyPrompts } from "../../src/library/ready.ts";
import { temporaryDirectory } from "./cluster.ts";
import { openLibrary, type TestLibrary } from "./library.ts";

export const PATIENCE = { timeout: 25_000, every: 20 };

export class TestMirror {
  readonly library: TestLibrary;
  readonly root: string;
  readonly folder: string;
  /** Where is moved what only the mirror knew. */
  readonly beyond: string;
  readonly #writers: MirrorWriter[] = [];

  static async open(): Promise<TestMirror> {
    const mirror = new TestMirror(await openLibrary(), await temporaryDirectory());
    await mkdir(mirror.folder);
    return mirror;
  }

  private constructor(library: TestLibrary, root: string) {
    this.library = library;
    this.root = root;
    this.folder = join(root, "prompts");
    this.beyond = join(root, "beyond");
  }

  fileOf(name: string): string {
    return mirrorFile(this.folder, "default", name);
  }

  startWriter(of: TestLibrary = this.library, folder = this.folder): MirrorWriter {
    const writer = new MirrorWriter({
      client: of.fresh.appConfig,
      role: null,
      folder,
      beyond: this.beyond,
      accessFile: join(this.root, "access.json"),
      access: new AccessList(),
      jwtSecret: "s".repeat(64),
      onWritten() {},
      log: openLog("warn", join(this.root, "log")),
    });
    this.#writers.push(writer);
    writer.start();
    writer.wake();
    return writer;
  }

  async stopWriters(): Promise<void> {
    for (const writer of this.#writers.splice(0)) await writer.close();
  }

  /** Waits until the mirror's state says that it has all that the database has. */
  async caughtUp(of: TestLibrary = this.library): Promise<void> {
    const done = await until(async () => {
      const now = await currentCursor(of.database.reads);
      const text = await readFile(join(this.folder, ".mirror.json"), "utf8").catch(() => "{}");
      const state = JSON.parse(text);
      return state.epoch === now.epoch && state.tx === now.tx && state.seq === now.seq;
    }, PATIENCE);
    expect(done).toBe(true);
  }

  /** The files of the prompts, archives of older versions among them. */
  async promptFiles(): Promise<string[]> {
    return (await filesBelow(this.folder)).filter((path) => path.endsWith(".json") && !path.includes("/."));
  }

  /** Every prompt, every version and every label that the database has is in the mirror, the same, and nothing else. */
  async expectSame(of: TestLibrary = this.library): Promise<void> {
    const rows = await of.database.reads
      .selectFrom("prompts")
      .select(["name", "newest"])
      .where("trashed_at", "is", null)
      .execute();
    const ready = new ReadyPrompts(1e8);
    for (const { name, newest } of rows) {
      for (let version = 1; version <= newest; version += 1) {
        const { bytes, revision } = await ready.read(of.database.reads, of.project, name, { version });
        const mirrored = await fetchMirrored(this.folder, "default", name, { version });
        expect(JSON.stringify(mirrored.prompt)).toBe(bytes.toString());
        expect(mirrored.revision).toBe(revision);
      }
    }
    expect((await listMirrored(this.folder, "default", {})).total).toBe(rows.length);
  }

  async close(): Promise<void> {
    await this.stopWriters();
    await this.library.close();
    await rm(this.root, { recursive: true, force: true });
  }
}

export async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
