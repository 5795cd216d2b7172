/** What is indexed of a prompt: its words as PostgreSQL's tsvector, made here so that no text can fail to be saved. */
import type { Content } from "../contract/shapes.ts";
import { fold, wordsOf } from "../prompt/search-words.ts";

/** Of a longer content only the beginning is searched. In code units. */
const INDEXED_LENGTH = 500_000;
/** PostgreSQL: 1 MiB of a tsvector, of which each word takes its bytes, its places and some for alignment. */
const VECTOR_LIMIT = 900_000;
/** PostgreSQL takes 256 of each word, and none behind this. */
const PLACES_LIMIT = 255;
const LAST_PLACE = 16_383;
/** Between one part and the next, so that no phrase is found across. */
const GAP = 8;

/** Words that are worth correcting a misspelt one to: letters, of some length, of scripts with blanks. */
const CORRECTABLE = /^\p{L}{3,30}$/u;
const CORRECTABLE_LIMIT = 2_000;

type Weight = "A" | "B" | "D";

export interface Described {
  name: string;
  description: string;
  tags: readonly string[];
}

/** All that a version says, as one text: of messages, what each says. */
function plainText({ text, messages }: Pick<Content, "text" | "messages">): string {
  if (text !== undefined) return text;
  return (messages ?? []).map((message) => ("placeholder" in message ? "" : message.content)).join("\n");
}

/** Name, and name with tags and description, as they are compared with what somebody typed. */
export function headOf({ name, description, tags }: Described): { name: string; head: string } {
  return { name: fold(name), head: fold([name, ...tags, description].join("\n")) };
}

export interface SearchDocument {
  /** For a cast to tsvector. */
  words: string;
  correctable: string[];
}

export function documentOf(head: Described, content: Pick<Content, "text" | "messages">): SearchDocument {
  const vector = new Vector();
  vector.add(head.name, "A");
  for (const tag of head.tags) vector.add(tag, "B");
  vector.add(head.description, "B");
  vector.add(plainText(content).slice(0, INDEXED_LENGTH), "D");
  const correctable = vector.words.filter((word) => CORRECTABLE.test(word)).slice(0, CORRECTABLE_LIMIT);
  return { words: vector.text, correctable };
}

class Vector {
  readonly #places = new Map<string, string[]>();
  #place = 0;
  #bytes = 0;

  add(text: string, weight: Weight): void {
    for (const { word } of wordsOf(text)) {
      if (this.#bytes > VECTOR_LIMIT) return;
      this.#place += 1;
      this.#put(word, weight);
    }
    this.#place += GAP;
  }

  #put(word: string, weight: Weight): void {
    let places = this.#places.get(word);
    if (!places) {
      places = [];
      this.#places.set(word, places);
      this.#bytes += Buffer.byteLength(word) + 4;
    }
    if (places.length >= PLACES_LIMIT || this.#place > LAST_PLACE) return;
    // D is what PostgreSQL takes it for when nothing is said.
    places.push(`${this.#place}${weight === "D" ? "" : weight}`);
    this.#bytes += 2;
  }

  get words(): string[] {
    return [...this.#places.keys()];
  }

  /** Words are letters, digits and marks, so there is nothing to quote within them. */
  get text(): string {
    return [...this.#places]
      .map(([word, places]) => (places.length > 0 ? `'${word}':${places.join(",")}` : `'${word}'`))
      .join(" ");
  }
}
