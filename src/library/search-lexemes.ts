/**
 * What stands in a tsvector, and is asked for in a tsquery: words, and beside them properties. Each begins with its
 * project, so that one project's search never goes through the places of another's.
 */
import type { Id } from "../database/tables.ts";
import { folderName } from "./folder-name.ts";

/** By what lists are narrowed; `include`: what a version includes, by name. */
export type Property = "type" | "tag" | "folder" | "label" | "include";
const SIGNS: Readonly<Record<Property, string>> = { type: "y", tag: "t", folder: "f", label: "l", include: "i" };

/** Words are letters, digits and marks; what properties hold is quoted by `quoted`. */
export function wordLexeme(project: Id, word: string): string {
  return `${project}:${word}`;
}

export function propertyLexeme(project: Id, property: Property, value: string): string {
  return `${project}#${SIGNS[property]}=${value}`;
}

/** What every prompt of the project has. */
export function projectLexeme(project: Id): string {
  return `${project}#`;
}

/** For both tsvector and tsquery. */
export function quoted(lexeme: string): string {
  return `'${lexeme.replace(/['\\]/g, "$&$&")}'`;
}

/** The folders that a prompt of this name is below, the outermost first. */
export function foldersOf(name: string): string[] {
  const segments = name.split("/");
  return segments.slice(1).map((_, at) => segments.slice(0, at + 1).join("/"));
}

export function folderLexeme(project: Id, folder: string): string {
  return propertyLexeme(project, "folder", folderName(folder));
}

/**
 * Prompts in the order in which they were made, cut into stretches of 2 to the power of each of these. Who looks for the
 * youngest that have a common word looks in the last ones first.
 */
export const STRETCH = 11;
export const LONGER_STRETCH = 14;

/** Where a prompt is. */
export function placeLexemes(project: Id, prompt: Id): string[] {
  const stretches = [STRETCH, LONGER_STRETCH].map((power) => `${project}#${power}=${BigInt(prompt) >> BigInt(power)}`);
  return [projectLexeme(project), ...stretches];
}
