/** Tar as a stream in both directions, on tar-stream, with an end to every wait when the other side dies. */
import { extract, type Header, type Pack, pack } from "tar-stream";

export interface TarEntry {
  name: string;
  type: "file" | "directory" | "symlink";
  /** Bytes; 0 for what is no file. */
  size: number;
  mode: number;
  mtime: Date;
  /** Of a symbolic link. */
  target: string | null;
  /** Whose it was, for those who unpack with tar as root. */
  owner?: Pick<Header, "uid" | "gid" | "uname" | "gname">;
}

export type TarBody = AsyncIterable<Uint8Array>;

/** Seconds that the format holds and every reader takes. */
const LATEST = new Date((2 ** 31 - 1) * 1000);

type Sink = Pick<ReturnType<Pack["entry"]>, "destroying" | "write" | "on" | "removeListener" | "end">;

export class TarWriter {
  readonly #pack = pack();

  constructor() {
    this.#pack.on("error", () => {});
  }

  /** The tar, to be read while entries are added; fails as `fail` says. */
  get bytes(): TarBody {
    return bytesOf(this.#pack);
  }

  /** Throws ShortBody when the body ends before `size`; what it has beyond is left out (a log that grows). */
  async add({ owner, target, mtime, ...entry }: TarEntry, body: TarBody | null): Promise<void> {
    const time = new Date(Math.min(Math.max(mtime.getTime() || 0, 0), LATEST.getTime()));
    const headers = { ...entry, ...owner, mtime: time, ...(target === null ? {} : { linkname: target }) };
    const stored = Promise.withResolvers<void>();
    // It is awaited below, unless the body fails first.
    stored.promise.catch(() => {});
    const sink = this.#pack.entry(headers, (error) => (error ? stored.reject(error) : stored.resolve()));
    sink.on("error", () => {});
    if (entry.type === "file") await fill(sink, entry, body);
    await stored.promise;
  }

  end(): void {
    this.#pack.finalize();
  }

  fail(error: Error): void {
    this.#pack.destroy(error);
  }
}

async function fill(sink: Sink, { name, size }: TarFile, body: TarBody | null): Promise<void> {
  let missing = size;
  for await (const piece of body ?? []) {
    const wanted = piece.subarray(0, missing);
    missing -= wanted.length;
    if (wanted.length > 0) await give(sink, wanted);
    if (missing === 0) break;
  }
  if (missing > 0) throw new ShortBody(`${name} became ${missing} bytes shorter while it was read`);
  sink.end(null);
}

type TarFile = Pick<TarEntry, "name" | "size">;

/**
 * Calls `onEntry` for one entry after the other; a body is read to its end, or not. Throws the first error, of the
 * source, of `onEntry`, or TarError where the bytes are no tar. Waits for the end of the source.
 */
export async function readTar(
  source: TarBody,
  onEntry: (entry: TarEntry, body: TarBody) => Promise<void>,
): Promise<void> {
  const unpack = extract();
  unpack.on("error", () => {});
  let failure: { cause: unknown } | null = null;
  // The first failure is the cause, and what streams then say of each other is not.
  const fail = (cause: unknown) => {
    failure ??= { cause };
    unpack.destroy(cause instanceof Error ? cause : new Error(String(cause)));
  };
  const told = (error: unknown) => (failure ? failure.cause : tarError(error));
  const fed = feed(unpack, source).catch(fail);
  try {
    for await (const entry of unpack) {
      entry.on("error", () => {});
      try {
        await onEntry(entryOf(entry.header), bytesOf(entry, told));
      } catch (error) {
        fail(error);
        break;
      }
      entry.resume();
    }
  } catch (error) {
    fail(tarError(error));
  }
  if (failure === null) await fed;
  throwIf(failure);
}

/** The bytes are no tar, or end too early. */
export class TarError extends Error {}

/** A file had fewer bytes than it was said to have. */
export class ShortBody extends Error {}

function tarError(error: unknown): TarError {
  if (error instanceof TarError) return error;
  return new TarError(error instanceof Error ? error.message : String(error), { cause: error });
}

function throwIf(failure: { cause: unknown } | null): void {
  if (failure) throw failure.cause;
}

async function feed(unpack: Sink, source: TarBody): Promise<void> {
  for await (const piece of source) await give(unpack, piece);
  unpack.end(null);
}

/** Waits until the stream takes more. Throws when it was destroyed, and never waits for one that is. */
async function give(stream: Sink, piece: Uint8Array): Promise<void> {
  if (stream.destroying) throw new Error("the tar has ended");
  if (stream.write(piece)) return;
  const settled = Promise.withResolvers<void>();
  stream.on("drain", settled.resolve);
  stream.on("close", settled.resolve);
  await settled.promise;
  stream.removeListener("drain", settled.resolve);
  stream.removeListener("close", settled.resolve);
}

/** Whoever stops before the end leaves the stream as it is: its own iterator would destroy it, and the tar with it. */
async function* bytesOf(
  stream: AsyncIterable<unknown>,
  told: (error: unknown) => unknown = (error) => error,
): AsyncGenerator<Uint8Array> {
  const iterator = stream[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await iterator.next().catch((error: unknown) => {
      throw told(error);
    });
    if (done) return;
    if (!(value instanceof Uint8Array)) throw new TypeError("a tar is a stream of bytes");
    yield value;
  }
}

function entryOf({ name, type, size, mode, mtime, linkname, uid, gid, uname, gname }: Header): TarEntry {
  if (type !== "directory" && type !== "symlink" && type !== "file") {
    throw new TarError(`${name} is a ${type ?? "thing of unknown kind"}, which no backup has`);
  }
  return {
    name,
    type,
    size: type === "file" ? size : 0,
    mode: mode & 0o7777,
    mtime,
    target: type === "symlink" ? linkname : null,
    owner: { uid, gid, uname, gname },
  };
}
