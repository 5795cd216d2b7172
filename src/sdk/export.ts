import { PromptlibError } from "../contract/errors.ts";
import { linesOf } from "./import.ts";
import { type Call, errorOf, isObject, parseJson, type Transport, unreachable } from "./transport.ts";

export function exportCalls(transport: Transport) {
  return {
    /**
     * The lines of an export, as they are, without their ends: keep each with a line end behind it. Throws when the
     * answer breaks off: what came until then is no export.
     */
    async *exportPrompts(options: { signal?: AbortSignal } = {}): AsyncGenerator<string, void, undefined> {
      const call: Call = { method: "GET", path: "/api/export", query: transport.project };
      const left = new AbortController();
      const stop = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
      let begun = false;
      try {
        const response = await transport.stream(call, stop);
        begun = true;
        for await (const line of linesOf(response)) {
          // Most lines are long; only the first and the last words tell what they are.
          if (line.startsWith('{"error":')) throw errorOf(response.status, line, transport.base);
          yield line;
          if (line.startsWith('{"end":') && isObject(parseJson(line))) return;
        }
      } catch (error) {
        if (options.signal?.aborted) throw new PromptlibError("interrupted", { cause: error });
        if (error instanceof PromptlibError) throw error;
        throw begun ? brokenOff(error) : unreachable(call, transport.base, error);
      } finally {
        left.abort();
      }
      throw brokenOff();
    },
  };
}

function brokenOff(cause?: unknown): PromptlibError {
  return new PromptlibError("server_unreachable", {
    message: "The export broke off before its end.",
    hint: "Run it again.",
    cause,
  });
}
