/** Where a prompt lies in the mirror: a path that every file system keeps apart from every other prompt's. */
import { createHash } from "node:crypto";

/**
 * Characters of one part of a path. Leaves room for `.json` and for the suffixes that writers of the mirror
 * put behind it (`~1-200.json`, `~abcdef.tmp`) below the 255 bytes that file systems allow.
 */
const SEGMENT_LIMIT = 180;
const HASH_DIGITS = 16;

/**
 * The path of a prompt's file relative to its project's folder, `/` between folders. The name is one that
 * `normalizeName` answers.
 *
 * Every byte but `a-z 0-9 . _ -` is percent-encoded, capital letters too, so that file systems that ignore case
 * or normalize Unicode keep names apart. `~` is never part of an encoded name: behind it come only our suffixes.
 * The way back is the name inside the file.
 */
export function mirrorPath(name: string): string {
  const segments = name.split("/");
  const file = segments.pop() ?? "";
  return [...segments.map(folder), `${shortened(file, encode(file))}.json`].join("/");
}

/** A folder never ends in `.json`, else the prompts `a` and `a.json/b` would want one path. */
function folder(segment: string): string {
  return shortened(segment, encode(segment).replace(/\.json$/, "%2Ejson"));
}

/** A leading dot is encoded: hidden files stay ours, and no part is `.` or `..`. */
function encode(segment: string): string {
  let encoded = "";
  for (const byte of Buffer.from(segment)) {
    const character = String.fromCharCode(byte);
    const kept = /[a-z0-9._-]/.test(character) && !(encoded === "" && character === ".");
    encoded += kept ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

function shortened(segment: string, encoded: string): string {
  if (encoded.length <= SEGMENT_LIMIT) return encoded;
  const hash = createHash("sha256").update(segment).digest("hex").slice(0, HASH_DIGITS);
  // Half a %XX at the cut is no harm, but it looks like a mistake to whoever lists the folder.
  const prefix = encoded.slice(0, SEGMENT_LIMIT - HASH_DIGITS - 1).replace(/%[0-9A-F]?$/, "");
  return `${prefix}~${hash}`;
}
