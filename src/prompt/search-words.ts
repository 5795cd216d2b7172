/**
 * The words of a text as search sees them, in any script: small letters without accents, and where a script is written
 * without blanks, each pair of characters. The same for what is indexed, what is asked for, and what is highlighted.
 */

export interface Word {
  /** Folded. */
  word: string;
  /** Where it is in the text, in UTF-16 code units. */
  start: number;
  end: number;
}

/** A word is cut here, in what is indexed and what is asked for alike: longer ones are keys and the like. */
const WORD_LIMIT = 64;

const run = /[\p{L}\p{N}\p{M}]+/gu;
const plain = /^[a-z0-9]+$/;
const ascii = /^\p{ASCII}*$/u;
/** Written without blanks between words. */
const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}ー々";
const hasUnspaced = new RegExp(`[${UNSPACED}]`, "u");
const parts = new RegExp(`[${UNSPACED}]+|[^${UNSPACED}]+`, "gu");
/** Accents, and the points of Hebrew and Arabic that are mostly not written. Other marks make the letter. */
const accents = /[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0640\u064b-\u065f\u0670]/g;
/** Letters that no normalization takes apart. */
const ligatures: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  ł: "l",
  ı: "i",
  þ: "th",
  ς: "σ",
};

/** Whether any of it is of a script that is written without blanks. */
export function isUnspaced(text: string): boolean {
  return hasUnspaced.test(text);
}

/** Without case, accents and variants of width. */
export function fold(text: string): string {
  if (plain.test(text)) return text;
  if (ascii.test(text)) return text.toLowerCase();
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(accents, "")
    .replace(/[ßæœøđðłıþς]/g, (letter) => ligatures[letter] ?? letter)
    .normalize("NFC");
}

/** In their order. The last character of an unspaced run is a word of its own, so that it can be found, too. */
export function* wordsOf(text: string): Generator<Word> {
  for (const { 0: found, index } of text.matchAll(run)) {
    if (!isUnspaced(found)) yield* spaced(found, index);
    else for (const part of found.matchAll(parts)) yield* ofPart(part[0], index + part.index);
  }
}

function ofPart(part: string, start: number): Iterable<Word> {
  return isUnspaced(part) ? pairs(part, start) : spaced(part, start);
}

function* spaced(text: string, start: number): Generator<Word> {
  const word = cut(fold(text).replace(/[^\p{L}\p{N}\p{M}]/gu, ""));
  if (word !== "") yield { word, start, end: start + text.length };
}

/** In whole characters: half of one of two units can be stored nowhere. */
function cut(word: string): string {
  return word.length <= WORD_LIMIT ? word : [...word].slice(0, WORD_LIMIT).join("");
}

function* pairs(text: string, start: number): Generator<Word> {
  const characters = [...text];
  let at = start;
  for (const [index, first] of characters.entries()) {
    const second = characters[index + 1] ?? "";
    yield { word: fold(first + second), start: at, end: at + first.length + second.length };
    at += first.length;
  }
}
