/** The tags of a template, one after the other, and those that no template may have. */

export interface Tag {
  /** "" prints a value; so does "&", which is also what the third brace of a triple tag means. */
  sigil: "" | "&" | "#" | "^" | "/" | ">" | "!";
  /** What the tag names; of a comment its text. */
  name: string;
  /** Where it begins and ends, in UTF-16 code units from 0. */
  start: number;
  end: number;
}

export interface TagFault {
  /** Where the tag begins, in UTF-16 code units from 0. */
  offset: number;
  message: string;
}

/** Other renderers of Mustache look for the end of a tag in time that grows with the square of the blanks in a row. */
const BLANKS_LIMIT = 200;
const blanks = new RegExp(`\\s{${BLANKS_LIMIT}}`);
/** So many are told: to find the place of each costs as much as the text before it is long. */
const FAULTS_LIMIT = 20;

/** The tags, and the first faults. Behind a tag without an end there are none. */
export function scanTags(text: string): { tags: Tag[]; faults: TagFault[] } {
  const tags: Tag[] = [];
  const faults: TagFault[] = [];
  let start = text.indexOf("{{");
  while (start !== -1 && faults.length < FAULTS_LIMIT) {
    const tag = readTag(text, start);
    if ("fault" in tag) faults.push({ offset: start, message: tag.fault });
    else tags.push(tag);
    // Behind a tag without an end, or with other delimiters, nothing is certain any more.
    if (tag.end === null) break;
    start = text.indexOf("{{", tag.end);
  }
  return { tags, faults };
}

const sigils = /[#^/>{&=!]?/y;

/** Finds the end as Mustache does: at the first closing braces, three for a tag opened by three. */
function readTag(text: string, start: number): Tag | { fault: string; end: number | null } {
  sigils.lastIndex = start + 2 + blanksAt(text, start + 2);
  const sigil = sigils.exec(text)?.[0] ?? "";
  const from = sigils.lastIndex;
  if (sigil === "=") return { fault: "delimiters cannot be changed here", end: null };
  const closing = sigil === "{" ? "}}}" : "}}";
  const inside = text.indexOf(closing, from);
  if (inside === -1) return { fault: `the tag is never closed by ${closing}`, end: null };
  const end = inside + closing.length;
  const value = text.slice(from, inside);
  if (blanks.test(value)) return { fault: `the tag holds ${BLANKS_LIMIT} blanks in a row`, end };
  const name = value.trim();
  if (sigil !== "!" && name === "") return { fault: "the tag has no name", end };
  return { sigil: sigil === "{" ? "&" : (sigil as Tag["sigil"]), name, start, end };
}

function blanksAt(text: string, start: number): number {
  let end = start;
  while (/\s/.test(text.charAt(end))) end += 1;
  return end - start;
}
