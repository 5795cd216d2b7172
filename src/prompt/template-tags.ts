/** A look over the tags of a template before Mustache parses it, for what Mustache allows, says badly or chokes on. */

export interface TagFault {
  /** Where the tag begins, in UTF-16 code units from 0. */
  offset: number;
  message: string;
}

/** Rendering goes down one call for each section inside a section. */
const DEPTH_LIMIT = 64;
/** Mustache looks for the end of a tag in time that grows with the square of the blanks in a row. */
const BLANKS_LIMIT = 200;
const blanks = new RegExp(`\\s{${BLANKS_LIMIT}}`);
/** So many are told: to find the place of each costs as much as the text before it is long. */
const FAULTS_LIMIT = 20;

/** The first faults, and where the innermost section that was left open begins. */
export function scanTags(text: string): { faults: TagFault[]; openSection: number | null } {
  const faults: TagFault[] = [];
  const open: number[] = [];
  let start = text.indexOf("{{");
  while (start !== -1) {
    const tag = readTag(text, start);
    if ("fault" in tag) {
      faults.push({ offset: start, message: tag.fault });
      if (faults.length === FAULTS_LIMIT) break;
    } else if (tag.sigil === "#" || tag.sigil === "^") {
      open.push(start);
      if (open.length > DEPTH_LIMIT) {
        faults.push({ offset: start, message: `sections are nested deeper than ${DEPTH_LIMIT}` });
        break;
      }
    } else if (tag.sigil === "/") {
      open.pop();
    }
    // Behind a tag without an end, or with other delimiters, nothing is certain any more.
    if (tag.end === null) break;
    start = text.indexOf("{{", tag.end);
  }
  return { faults, openSection: open.at(-1) ?? null };
}

type Tag = { sigil: string; end: number } | { fault: string; end: number | null };

const sigils = /[#^/>{&=!]?/y;

/** Finds the end as Mustache does: at the first closing braces, three for a tag opened by three. */
function readTag(text: string, start: number): Tag {
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
  if (sigil !== "!" && value.trim() === "") return { fault: "the tag has no name", end };
  return { sigil, end };
}

function blanksAt(text: string, start: number): number {
  let end = start;
  while (/\s/.test(text.charAt(end))) end += 1;
  return end - start;
}
