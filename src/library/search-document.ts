/** What is indexed of a prompt: its words as PostgreSQL's tsvector, made here so that no text can fail to be saved. */
import type { Content } from "../contract/shapes.ts";
import type { Id } from "../database/tables.ts";
import { fold, wordsOf } from "../prompt/search-words.ts";
import { contentIncludes } from "../prompt/template.ts";
import { foldersOf, placeLexemes, propertyLexeme, quoted, wordLexeme } from "./search-lexemes.ts";
import { Neighbours } from "./search-neighbours.ts";

/** Of a longer content only the beginning is searched. In code units. */
const INDEXED_LENGTH = 500_000;
/** PostgreSQL: 1 MiB of a tsvector, of which each word takes its bytes, its places and some for alignment. */
const VECTOR_LIMIT = 900_000;
/** PostgreSQL takes 256 of each word, and none behind this. */
const PLACES_LIMIT = 255;
const LAST_PLACE = 16_383;
/** Between one part and the next, so that no phrase is found across. */
const GAP = 8;
/** Of a version that includes more, none is said; `MANY_INCLUDES` stands for whatever they are. */
const INCLUDES_LIMIT = 500;
export const MANY_INCLUDES = "";

/** Words that are worth correcting a misspelt one to: letters, of some length, of scripts with blanks. */
const CORRECTABLE = /^\p{L}{3,30}$/u;
const CORRECTABLE_LIMIT = 2_000;

type Weight = "A" | "B" | "D";
/** What is indexed of a content. */
export type Said = Pick<Content, "text" | "messages" | "template">;

export interface Described {
  id: Id;
  project_id: Id;
  name: string;
  type: string;
  description: string;
  tags: readonly string[];
}

/** All that a version says, as one text: of messages, what each says. */
export function plainText({ text, messages }: Pick<Content, "text" | "messages">): string {
  if (text !== undefined) return text;
  return (messages ?? []).map((message) => ("placeholder" in message ? "" : message.content)).join("\n");
}

/** Name, and name with tags and description, as they are compared with what somebody typed. */
export function headOf({ name, description, tags }: Pick<Described, "name" | "description" | "tags">) {
  return { name: fold(name), head: fold([name, ...tags, description].join("\n")) };
}

export interface SearchHead {
  name: string;
  head: string;
  /** Lexemes of what lists are narrowed by. */
  properties: string[];
}

export function searchHead(prompt: Described): SearchHead {
  const { project_id, name, type, tags } = prompt;
  return {
    ...headOf(prompt),
    properties: [
      propertyLexeme(project_id, "type", type),
      ...tags.map((tag) => propertyLexeme(project_id, "tag", tag)),
      ...foldersOf(name).map((folder) => propertyLexeme(project_id, "folder", folder)),
    ],
  };
}

/** For a cast to tsvector: what is searched first. */
export function headWords(prompt: Described, { properties }: SearchHead, labels: readonly string[]): string {
  return vectorOf(prompt, properties, labels).text;
}

export interface SearchDocument {
  /** For a cast to tsvector. */
  words: string;
  /** Which of them stand side by side. */
  neighbours: Buffer;
  correctable: string[];
}

/** `labels`: those that stand on this version. */
export function documentOf(
  prompt: Described,
  { properties }: SearchHead,
  said: Said,
  labels: readonly string[],
): SearchDocument {
  const included = includedBy(said).map((name) => propertyLexeme(prompt.project_id, "include", name));
  const vector = vectorOf(prompt, [...properties, ...included], labels);
  vector.add(plainText(said).slice(0, INDEXED_LENGTH), "D");
  return { words: vector.text, neighbours: vector.neighbours.filter, correctable: correctable(vector.words) };
}

/** Of the words of a text those that a misspelt one may be corrected to. */
export function correctableIn(said: Pick<Content, "text" | "messages">): string[] {
  const vector = new Vector("");
  vector.add(plainText(said).slice(0, INDEXED_LENGTH), "D");
  return correctable(vector.words);
}

function correctable(words: readonly string[]): string[] {
  return words.filter((word) => CORRECTABLE.test(word)).slice(0, CORRECTABLE_LIMIT);
}

function includedBy(said: Said): string[] {
  const includes = contentIncludes({ ...said, variables: {}, config: {} });
  const names = new Set([...includes.values()].map(({ reference }) => reference.name));
  return names.size > INCLUDES_LIMIT ? [MANY_INCLUDES] : [...names];
}

function vectorOf(prompt: Described, properties: readonly string[], labels: readonly string[]): Vector {
  const { id, project_id: project } = prompt;
  const vector = new Vector(project);
  for (const lexeme of [...properties, ...placeLexemes(project, id)]) vector.addLexeme(lexeme);
  for (const label of labels) vector.addLexeme(propertyLexeme(project, "label", label));
  vector.add(prompt.name, "A");
  for (const tag of prompt.tags) vector.add(tag, "B");
  vector.add(prompt.description, "B");
  return vector;
}

class Vector {
  readonly #project: Id;
  readonly #lexemes: string[] = [];
  readonly #places = new Map<string, string[]>();
  readonly neighbours = new Neighbours();
  #place = 0;
  #bytes = 0;

  constructor(project: Id) {
    this.#project = project;
  }

  /** One that has no place, and is no word of a text. */
  addLexeme(lexeme: string): void {
    this.#lexemes.push(quoted(lexeme));
    this.#bytes += Buffer.byteLength(lexeme) + 4;
  }

  add(text: string, weight: Weight): void {
    for (const { word } of wordsOf(text)) {
      if (this.#bytes > VECTOR_LIMIT) return;
      this.#place += 1;
      this.neighbours.add(word);
      this.#put(word, weight);
    }
    this.#place += GAP;
    this.neighbours.gap();
  }

  #put(word: string, weight: Weight): void {
    let places = this.#places.get(word);
    if (!places) {
      places = [];
      this.#places.set(word, places);
      this.#bytes += Buffer.byteLength(word) + this.#project.length + 5;
    }
    if (places.length >= PLACES_LIMIT || this.#place > LAST_PLACE) return;
    // D is what PostgreSQL takes it for when nothing is said.
    places.push(`${this.#place}${weight === "D" ? "" : weight}`);
    this.#bytes += 2;
  }

  get words(): string[] {
    return [...this.#places.keys()];
  }

  get text(): string {
    const words = [...this.#places].map(([word, places]) => {
      const lexeme = `'${wordLexeme(this.#project, word)}'`;
      return places.length > 0 ? `${lexeme}:${places.join(",")}` : lexeme;
    });
    return [...this.#lexemes, ...words].join(" ");
  }
}
