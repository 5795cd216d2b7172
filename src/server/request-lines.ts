/** The lines of a request's body, as they arrive. */
import type { Readable } from "node:stream";
import { PromptlibError } from "../contract/errors.ts";

const LINE_LIMIT = 8 * 1024 * 1024;

/** Errors: `invalid_request` for a line over 8 MiB or bytes that are no UTF-8. Empty lines are passed over. */
export async function* linesOf(body: Readable): AsyncGenerator<{ number: number; text: string }> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  // The pieces of a line are put together once it is whole: at each of them, many small ones would be copied for ever.
  let held: string[] = [];
  let length = 0;
  let number = 0;
  const decode = (chunk: Buffer | undefined) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (error) {
      throw new PromptlibError("invalid_request", { message: "The body is not valid UTF-8.", cause: error });
    }
  };
  // Left early, by a line that is none say, the request stays open: the answer goes over the same connection.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    const [first = "", ...begun] = decode(chunk).split("\n");
    held.push(first);
    length += first.length;
    for (const next of begun) {
      number += 1;
      const text = held.join("");
      held = [next];
      length = next.length;
      if (text.trim() !== "") yield { number, text };
    }
    if (length > LINE_LIMIT) {
      throw new PromptlibError("invalid_request", {
        message: `Line ${number + 1} is longer than 8 MiB; send large files in several pieces.`,
      });
    }
  }
  const rest = held.join("") + decode(undefined);
  if (rest.trim() !== "") yield { number: number + 1, text: rest };
}
