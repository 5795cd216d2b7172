/** The parts of an error's details that its sentence does not tell already, as lines for a terminal. Pure. */
import { localTime, onOneLine } from "./output.ts";

export function detailLines(details: unknown): string[] {
  if (!isRecord(details)) return [];
  const lines = [
    ...records(details.faults).map(templateFault),
    ...records(details.between).map(versionBetween),
    ...[details.differences, details.warnings, details.lastLines].flatMap((some) =>
      Array.isArray(some) ? some.map(String) : [],
    ),
  ];
  return lines.filter((line) => line !== null).map(onOneLine);
}

/** Other faults (of settings, of fields) are part of the sentence. */
function templateFault({ index, line, column, message }: Record<string, unknown>): string | null {
  if (typeof line !== "number" || typeof column !== "number") return null;
  const where = typeof index === "number" ? `message ${index + 1}, ` : "";
  return `${where}line ${line}, column ${column}: ${message}`;
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
