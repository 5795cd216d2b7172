/**
 * How many words a text has: what stands between blanks, and in scripts that put none between words (Chinese, Japanese,
 * Thai, …) what the browser takes for words. Pure.
 */

/** In pieces, because the time that a segmenter takes grows with the square of the length. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]{1,100}/gu;
/** Characters of such scripts; beyond, segmenting all at each key is felt, and the rest is taken to be like these. */
const MOST_SEGMENTED = 20_000;
// Older browsers have none.
const segmenter = "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "word" }) : null;

export interface WordCount {
  words: number;
  /** false: about so many. */
  isExact: boolean;
}

export function countWords(text: string): WordCount {
  const pieces = text.match(UNSPACED) ?? [];
  const spaced = (pieces.length === 0 ? text : text.replace(UNSPACED, " ")).split(/\s+/).filter(hasLetter).length;
  if (pieces.length === 0) return { words: spaced, isExact: true };
  const { words, isExact } = countUnspaced(pieces);
  return { words: spaced + words, isExact };
}

/** A dash or bracket that stands alone is none. */
function hasLetter(chunk: string): boolean {
  return /[\p{L}\p{N}]/u.test(chunk);
}

function countUnspaced(pieces: readonly string[]): WordCount {
  let words = 0;
  let segmented = 0;
  let total = 0;
  for (const piece of pieces) {
    total += piece.length;
    if (segmenter === null || segmented >= MOST_SEGMENTED) continue;
    segmented += piece.length;
    for (const { isWordLike } of segmenter.segment(piece)) if (isWordLike) words += 1;
  }
  if (segmenter === null) return { words: pieces.length, isExact: false };
  return segmented === total
    ? { words, isExact: true }
    : { words: Math.round((words * total) / segmented), isExact: false };
}
