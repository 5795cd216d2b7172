import { PromptlibError } from "../contract/errors.ts";
import { streamed } from "./lines.ts";
import { type Call, errorOf, isObject, parseJson, type Transport } from "./transport.ts";

export function exportCalls(transport: Transport) {
  return {
    /**
     * The lines of an export, as they are, without their ends: keep each with a line end behind it. Throws when the
     * answer breaks off: what came until then is no export.
     */
    async *exportPrompts(options: { signal?: AbortSignal } = {}): AsyncGenerator<string, void, undefined> {
      const call: Call = { method: "GET", path: "/api/export", query: transport.project };
      const read = (line: string, status: number) => {
        // Most lines are long; only the first and the last words tell what they are.
        if (line.startsWith('{"error":')) throw errorOf(status, line, transport.base);
        return line;
      };
      for await (const line of streamed(transport, call, read, { brokenOff, signal: options.signal })) {
        yield line;
        if (line.startsWith('{"end":') && isObject(parseJson(line))) return;
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
