import type { z } from "zod";
import { PromptlibError } from "../contract/errors.ts";

/** What came, when it is as it must be. Errors: `invalid_request`. */
export function checked<T extends z.ZodType>(shape: T, input: unknown): z.infer<T> {
  const parsed = shape.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new PromptlibError("invalid_request", {
    details: { faults: parsed.error.issues.map(({ message }) => message) },
  });
}
