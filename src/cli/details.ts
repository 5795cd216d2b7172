/** The parts of an error's details that its sentence does not tell already, as lines for a terminal. Pure. */
import { localTime, onOneLine } from "./output.ts";

export function detailLines(details: unknown): string[] {
  if (!isRecord(details)) return [];
  const lines = [
    ...records(details.faults).map(faultInText),
    ...records(details.between).map(versionBetween),
    ...[details.differences, details.warnings, details.lastLines].flatMap((some) =>
      Array.isArray(some) ? some.map(String) : [],
    ),
  ];
  return lines.filter((line) => line !== null).map(onOneLine);
}

/**
 * A fault of a template or of a value that goes into it, and a warning about one. Other faults (of settings, of fields)
 * have no `message`: they are part of the sentence.
 */
export function faultInText({ include, index, line, column, message }: Record<string, unknown>): string | null {
  if (typeof message !== "string") return null;
  const where = [
    ...(typeof include === "string" ? [`in “${include}”`] : []),
    ...(typeof index === "number" ? [`message ${index + 1}`] : []),
    ...(typeof line === "number" && typeof column === "number" ? [`line ${line}`, `column ${column}`] : []),
  ];
  return where.length === 0 ? message : `${where.join(", ")}: ${message}`;
}

function versionBetween({ version, author, createdAt, message }: Record<string, unknown>): string {
  const when = typeof createdAt === "string" ? `, ${localTime(createdAt)}` : "";
  return `version ${version} by ${author}${when}${message ? `: ${message}` : ""}`;
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
