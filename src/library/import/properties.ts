/** What a file says beside the prompt itself: as much of it as can be kept, and what was left out. */
import { type Json, labelName, tag } from "../../contract/shapes.ts";
import { type Fields, isRecord } from "./fields.ts";
import { withoutSecrets } from "./secrets.ts";

/** `left`: each a sentence without its full stop, for the notes. */
interface Told<T> {
  kept: T;
  left: string[];
}

/** Characters of a description, and of why a version was made. */
const TEXT_LIMIT = 2000;
const TAGS = 50;
const LABELS = 20;

export function descriptionFrom(value: Json | undefined): Told<{ description?: string }> {
  const { kept, left } = textFrom("the description", value);
  return { kept: kept === null ? {} : { description: kept }, left };
}

/** Why the version was made. */
export function messageFrom(value: Json | undefined): Told<{ message?: string }> {
  const { kept, left } = textFrom("the message of the version", value);
  return { kept: kept === null ? {} : { message: kept }, left };
}

export function tagsFrom(value: Json | undefined): Told<{ tags?: string[] }> {
  const { kept, left } = wordsFrom("tags", value, TAGS, (each) => tag.safeParse(each).success);
  return { kept: kept === null ? {} : { tags: kept }, left };
}

/** `latest` moves by itself, wherever a prompt comes from. */
export function labelsFrom(value: Json | undefined): Told<{ labels: string[] }> {
  const given = Array.isArray(value) ? value.filter((each) => each !== "latest") : value;
  const { kept, left } = wordsFrom("labels", given, LABELS, (each) => labelName.safeParse(each).success);
  return { kept: { labels: kept ?? [] }, left };
}

/** Without secrets. What the settings are if they are none is not shown: a key, perhaps. */
export function settingsFrom(value: Json | undefined): Told<{ config: Fields }> {
  if (isNothing(value)) return { kept: { config: {} }, left: [] };
  if (!isRecord(value)) return { kept: { config: {} }, left: ["the config is no object, and was left out"] };
  const { config, left } = withoutSecrets(value);
  return { kept: { config }, left };
}

function isNothing(value: Json | undefined): value is null | undefined | "" {
  return value === undefined || value === null || value === "";
}

function textFrom(what: string, value: Json | undefined): Told<string | null> {
  if (isNothing(value)) return { kept: null, left: [] };
  if (typeof value !== "string") return { kept: null, left: [`${what} is no text, and was left out`] };
  const text = value.trim();
  if (text === "") return { kept: null, left: [] };
  const left = text.length > TEXT_LIMIT ? [`${what} was cut at ${TEXT_LIMIT} characters`] : [];
  return { kept: text.slice(0, TEXT_LIMIT).toWellFormed(), left };
}

/** null: there is no list of them. */
function wordsFrom(
  what: string,
  value: Json | undefined,
  most: number,
  can: (word: string) => boolean,
): Told<string[] | null> {
  if (isNothing(value)) return { kept: null, left: [] };
  if (!Array.isArray(value)) return { kept: null, left: [`${what} that are no list were left out: ${shown([value])}`] };
  const given = [...new Set(value.map((each) => (typeof each === "string" ? each.trim() : each)))];
  const words = given.filter((each) => typeof each === "string").filter(can);
  const fit = new Set<Json>(words);
  const others = given.filter((each) => each !== "" && !fit.has(each));
  const left = [
    ...(others.length > 0 ? [`${what} that cannot be were left out: ${shown(others)}`] : []),
    ...(words.length > most ? [`${what} beyond the first ${most} were left out: ${shown(words.slice(most))}`] : []),
  ];
  return { kept: words.slice(0, most), left };
}

function shown(values: readonly Json[]): string {
  const texts = values.map((each) => (typeof each === "string" ? each : JSON.stringify(each)));
  return texts.join(", ").slice(0, 200).toWellFormed();
}
