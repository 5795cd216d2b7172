/** The bytes of an object that is being put, piece by piece. */
import { Readable } from "node:stream";
import { stopWhenAborted } from "./folder-location-disk.ts";

const PIECE = 1024 * 1024;

/** Throws the stream's own error, and `interrupted` at once, also where the stream would never give another byte. */
export async function* pieces(
  body: Uint8Array | Readable,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (body instanceof Readable) {
    yield* piecesOfStream(body, signal);
    return;
  }
  for (let at = 0; at < body.length; at += PIECE) {
    stopWhenAborted(signal);
    yield body.subarray(at, at + PIECE);
  }
}

/** Not `for await`: that waits for a generator behind the stream, however long it sleeps. */
async function* piecesOfStream(body: Readable, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  let wake = () => {};
  const events = ["readable", "end", "error", "close"];
  const happened = () => wake();
  for (const event of events) body.on(event, happened);
  signal?.addEventListener("abort", happened);
  try {
    for (;;) {
      stopWhenAborted(signal);
      const piece: unknown = body.read();
      if (piece instanceof Uint8Array) yield piece;
      else if (piece !== null) throw new TypeError("the body of an object is a stream of bytes");
      else if (body.errored) throw body.errored;
      else if (body.readableEnded) return;
      else if (body.destroyed) throw new Error("the stream of an object's bytes was cut off before its end");
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    for (const event of events) body.removeListener(event, happened);
    signal?.removeEventListener("abort", happened);
  }
}
