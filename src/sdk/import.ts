import { PromptlibError } from "../contract/errors.ts";
import type { ImportItem, ImportPiece, ImportSummary } from "../contract/import-shapes.ts";
import type { ImportQuery } from "../contract/routes.ts";
import { linesOf } from "./lines.ts";
import { type Call, errorOf, isObject, parseJson, type Transport, unreachable } from "./transport.ts";

export interface ImportOptions {
  format: ImportQuery["format"];
  /** Only say what would be done. */
  dryRun?: boolean;
  /** Move to the trash what the files no longer have. */
  prune?: boolean;
  /** A name for what is imported: another import of the format, with another name, takes nothing of it for missing. */
  source?: string;
  /** Stops the import; what was imported by then stays. */
  signal?: AbortSignal;
}

/** What became of one item, or, last, the summary. */
export type ImportLine = ImportItem | { summary: ImportSummary };

/** An import goes both ways at once: pieces of files out, what became of each item in, at the pace of the slower. */
export function importCalls(transport: Transport) {
  return {
    /**
     * Sends files in pieces and answers what became of each item, the summary last. Read to the end, or leave the
     * loop to stop it. Throws what `pieces` throws, as it is.
     */
    async *importPrompts(
      pieces: AsyncIterable<ImportPiece>,
      { format, dryRun, prune, source, signal }: ImportOptions,
    ): AsyncGenerator<ImportLine, void, undefined> {
      const options = { ...(dryRun ? { dryRun } : {}), ...(prune ? { prune } : {}), ...(source ? { source } : {}) };
      const query = { format, ...options, ...transport.project };
      const call: Call = { method: "POST", path: "/api/import", query };
      const upload = uploadOf(pieces);
      const left = new AbortController();
      let begun = false;
      const stop = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
      try {
        const response = await transport.exchange(call, upload.stream, stop);
        begun = true;
        yield* answered(response, transport.base);
      } catch (error) {
        if (upload.failure) throw upload.failure.reason;
        if (signal?.aborted) throw new PromptlibError("interrupted", { cause: error });
        if (error instanceof PromptlibError) throw error;
        throw begun ? brokenOff(error) : unreachable(call, transport.base, error);
      } finally {
        left.abort();
        upload.stop();
      }
    },
  };
}

interface Upload {
  stream: ReadableStream<Uint8Array>;
  /** Set once reading a piece has failed. */
  failure: { reason: unknown } | null;
  stop(): void;
}

function uploadOf(pieces: AsyncIterable<ImportPiece>): Upload {
  const encoder = new TextEncoder();
  const iterator = pieces[Symbol.asyncIterator]();
  const stop = () => {
    // Not waited for: a source that is waiting itself (a terminal, say) would hold us up; its own errors are moot now.
    iterator.return?.().then(undefined, () => undefined);
  };
  const upload: Upload = {
    failure: null,
    stop,
    stream: new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const next = await iterator.next();
          if (next.done) controller.close();
          else controller.enqueue(encoder.encode(`${JSON.stringify(next.value)}\n`));
        } catch (reason) {
          upload.failure = { reason };
          controller.error(reason);
        }
      },
      cancel: stop,
    }),
  };
  return upload;
}

async function* answered(response: Response, base: string): AsyncGenerator<ImportLine, void, undefined> {
  for await (const line of linesOf(response)) {
    const value = parseJson(line);
    // The status was sent long before: an error on the way is a line.
    if (!isObject(value) || "error" in value) throw errorOf(response.status, line, base);
    yield value as ImportLine;
    if ("summary" in value) return;
  }
  throw brokenOff();
}

function brokenOff(cause?: unknown): PromptlibError {
  return new PromptlibError("server_unreachable", {
    message: "The answer to the import broke off. What was imported so far stays.",
    hint: "Run the same import again: what is there already is left as it is.",
    cause,
  });
}
