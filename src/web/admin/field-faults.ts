/** What the server says to be wrong with a form, at the fields where it is wrong. Pure. */
import type { PromptlibError } from "../../sdk/index.ts";

/** Field of the form → a sentence. */
export type FieldFaults = Readonly<Record<string, string>>;

/**
 * `given`: what stands in each field. A fault of none of them is for the form as a whole, which shows the error itself
 * then: `isWhole`.
 */
export function fieldFaults(
  error: PromptlibError | null,
  given: Readonly<Record<string, string>>,
): { faults: FieldFaults; isWhole: boolean } {
  if (error?.code !== "invalid_request") return { faults: {}, isWhole: error !== null };
  const faults: Record<string, string> = {};
  let isWhole = false;
  for (const { field, fault } of listOf(error.details)) {
    const name = field.split(".").find((part) => Object.hasOwn(given, part));
    if (name === undefined) isWhole = true;
    else faults[name] ??= given[name]?.trim() === "" ? "This is needed." : sentence(fault);
  }
  return { faults, isWhole: isWhole || Object.keys(faults).length === 0 };
}

function listOf(details: unknown): { field: string; fault: string }[] {
  const faults: unknown = typeof details === "object" && details !== null && "faults" in details ? details.faults : [];
  return Array.isArray(faults) ? faults : [];
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
