/** Answers that come as lines, for as long as that takes. */
import { PromptlibError } from "../contract/errors.ts";
import { type Call, type Transport, unreachable } from "./transport.ts";

/**
 * What `read` makes of each line of the answer, as they come. Leave the loop to stop it. An error on the way is a line,
 * for the status was sent long before: `read` throws it. Errors: `interrupted`, and `brokenOff` when no more comes.
 */
export async function* streamed<T>(
  transport: Transport,
  call: Call,
  read: (line: string, status: number) => T,
  { brokenOff, signal }: { brokenOff(cause: unknown): PromptlibError; signal?: AbortSignal | undefined },
): AsyncGenerator<T, void, undefined> {
  const left = new AbortController();
  let begun = false;
  try {
    const response = await transport.stream(call, signal ? AbortSignal.any([signal, left.signal]) : left.signal);
    begun = true;
    for await (const line of linesOf(response)) yield read(line, response.status);
  } catch (error) {
    if (signal?.aborted) throw new PromptlibError("interrupted", { cause: error });
    if (error instanceof PromptlibError) throw error;
    throw begun ? brokenOff(error) : unreachable(call, transport.base, error);
  } finally {
    left.abort();
  }
}

/** Lines of an answer, without their ends; empty ones are left out. */
export async function* linesOf(response: Response): AsyncGenerator<string, void, undefined> {
  const rest = yield* wholeLinesOf(response, (line) => line !== "");
  if (rest !== "") yield rest;
}

/** Lines that have their end; answers what came after the last of them. */
export async function* wholeLinesOf(
  response: Response,
  wanted: (line: string) => boolean = () => true,
): AsyncGenerator<string, string, undefined> {
  if (!response.body) return "";
  // A reader, because not every browser can iterate a stream.
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + decoder.decode(value, { stream: !done })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (wanted(line)) yield line;
    if (done) return rest;
  }
}
