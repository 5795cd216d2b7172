/**
 * Where the embedded cluster lives: in the home; or, where root's home lies below a directory that the account of
 * PostgreSQL cannot pass, in /var/lib/promptlib/, and the home holds a symbolic link to it.
 */
import { createHash, randomBytes } from "node:crypto";
import { chmod, chown, lstat, mkdir, readdir, readlink, realpath, stat, symlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Home } from "../base/config.ts";
import { isErrno, prepareDirectory, syncDirectory } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Account } from "./account.ts";

export interface Place {
  /** As the kernel names it: no symbolic links on the way. */
  root: string;
  /** PGDATA. */
  data: string;
  /** Our configuration, on purpose outside of PGDATA: what a restored PGDATA brings along must not count. */
  conf: string;
  socket: string;
  /** Says that a cluster was made here, so that a lost data directory is never taken for a first start. */
  marker: string;
  /** The home's link leads here, and nothing is here: a disk that is not mounted, or is lost. */
  lost: boolean;
  /** Where clusters of earlier homes at this path lie; nobody but their owner knows whether they may go. */
  older: string[];
}

/** Only names the socket's file; no TCP port is opened. */
export const SOCKET_PORT = 5432;
/** The kernel takes 107 bytes; leave some room. */
const LONGEST_SOCKET_PATH = 100;
const FALLBACK = "/var/lib/promptlib";

/** The directory of the socket: follows from the home alone, so that clients need not ask. */
export function socketDirectory(home: Home): string {
  return socketBelow(home.postgres, home.root);
}

/** `directory`/socket, or, where that is too long for the kernel, one in /tmp that follows from `owner` alone. */
export function socketBelow(directory: string, owner: string): string {
  const inside = join(directory, "socket");
  const length = Buffer.byteLength(`${inside}/.s.PGSQL.${SOCKET_PORT}`);
  return length <= LONGEST_SOCKET_PATH ? inside : `/tmp/promptlib-${shortHash(owner)}`;
}

/** Where the cluster already is, or was (`lost`); null: none was made. */
export async function existingPlace(home: Home): Promise<Place | null> {
  try {
    return placeAt(await realpath(home.postgres), home);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
  try {
    return { ...placeAt(resolve(home.root, await readlink(home.postgres)), home), lost: true };
  } catch (error) {
    if (isErrno(error, "ENOENT", "EINVAL")) return null; // EINVAL: a directory by now
    throw error;
  }
}

/** What no start may put anything new in the place of. */
export function lostPlace(home: Home): PromptlibError {
  return new PromptlibError("postgres_start_failed", {
    message: `The database of this home lived where ${home.postgres} points to, and that directory is gone.`,
    hint: "Bring it back (is a disk not mounted?), or restore a backup. Nothing new was made in its place.",
  });
}

/**
 * Makes the directories that PostgreSQL needs, each with the owner it must have. Also a lost one, where it was we who
 * chose the place; Error: `postgres_start_failed` where it was not.
 */
export async function preparePlace(home: Home, account: Account | null): Promise<Place> {
  const place = (await existingPlace(home)) ?? (await makePlace(home, account));
  if (place.lost) {
    if (dirname(place.root) !== FALLBACK) throw lostPlace(home);
    await makeDirectory(FALLBACK, 0o711);
    await makeDirectory(place.root, account ? 0o711 : 0o700);
  }
  if (account) await refuseImpassable(place.root, account);
  await makeDirectory(place.conf, account ? 0o755 : 0o700);
  await prepareSocketDirectory(place.socket, account);
  return place;
}

async function makePlace(home: Home, account: Account | null): Promise<Place> {
  const mode = account ? 0o711 : 0o700;
  const obstacle = account && (await impassable(home.root, account));
  if (!obstacle) {
    await makeDirectory(home.postgres, mode);
    return placeAt(await realpath(home.postgres), home);
  }
  await makeDirectory(FALLBACK, 0o711);
  const older = await olderPlaces(home);
  // Its own name each time: a home that was removed and made anew is a new one, without the old one's users.
  const root = join(FALLBACK, `${shortHash(home.root)}-${randomBytes(4).toString("hex")}`);
  await makeDirectory(root, mode);
  await symlink(root, home.postgres);
  await syncDirectory(home.root);
  return { ...placeAt(await realpath(root), home), older };
}

async function olderPlaces(home: Home): Promise<string[]> {
  const names = (await readdir(FALLBACK)).filter((name) => name.startsWith(shortHash(home.root)));
  return names.map((name) => join(FALLBACK, name));
}

/** With exactly this mode, whatever the umask. */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  await prepareDirectory(path, mode);
  await chmod(path, mode);
}

function placeAt(root: string, home: Home): Place {
  const socket = socketDirectory(home);
  return {
    root,
    data: join(root, "data"),
    conf: join(root, "conf"),
    // The account may not be able to follow the home's link, so the server is told the place itself.
    socket: dirname(socket) === home.postgres ? join(root, "socket") : socket,
    marker: join(root, "cluster.json"),
    lost: false,
    older: [],
  };
}

/** For nobody but the account. Error: `postgres_start_failed` where it is someone else's. */
export async function prepareSocketDirectory(path: string, account: Account | null): Promise<void> {
  const owner = account?.uid ?? process.getuid?.() ?? 0;
  try {
    await mkdir(path, { mode: 0o700 });
    if (account) await chown(path, account.uid, account.gid);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
  // Below /tmp anybody could have made it first.
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== owner) {
    throw new PromptlibError("postgres_start_failed", {
      message: `The directory for PostgreSQL's socket, ${path}, belongs to someone else.`,
      hint: "Remove it, or choose a home with a shorter path with PROMPTLIB_HOME=….",
    });
  }
  await chmod(path, 0o700);
}

/** Error: `postgres_start_failed` where the account may not pass through a directory on the way to `root`. */
export async function refuseImpassable(root: string, account: Account): Promise<void> {
  const obstacle = await impassable(root, account);
  if (!obstacle) return;
  throw new PromptlibError("postgres_start_failed", {
    message: `PostgreSQL runs as ${account.name}, which may not pass through ${obstacle} to ${root}.`,
    hint: `Let it pass with chmod o+x ${obstacle}, or move the home.`,
  });
}

/** The first directory on the way to `path`, itself included, that the account may not pass. (ACLs are not read.) */
async function impassable(path: string, account: Account): Promise<string | null> {
  const way: string[] = [];
  for (let at = await realpath(path); ; at = dirname(at)) {
    way.unshift(at);
    if (at === "/") break;
  }
  for (const directory of way) {
    const { mode, uid, gid } = await stat(directory);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return directory;
  }
  return null;
}

function shortHash(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 16);
}
