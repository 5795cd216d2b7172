/** Rows of translated lists: a line each, whose quotes a translator has treated as he would in a text. */

const QUOTE = 0x22;
const LF = 0x0a;

/** Why a row that is no CSV was taken all the same. */
export const LOOSE_NOTE = "its quotes are not as CSV has them: taken from the first of the line to the last";

/**
 * Title and prompt of a line `"title", "prompt"`, or null: quotes in them doubled or not, and maybe a full stop
 * that slipped behind the last one, which goes back into the prompt.
 */
export function readLooseRow(bytes: Uint8Array): { act: Uint8Array; prompt: Uint8Array } | null {
  if (bytes[0] !== QUOTE) return null;
  const end = bytes.indexOf(LF);
  // Byte by byte a letter: what is no UTF-8 is seen later.
  const line = Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString("latin1");
  const [, act, prompt, stop] = /^"(.+?)"[,:] *"(.*)"(\.?)\s*$/.exec(line) ?? [];
  if (act === undefined || prompt === undefined) return null;
  const single = (text: string) => Buffer.from(text.replaceAll('""', '"'), "latin1");
  return { act: single(act), prompt: single(prompt + (stop ?? "")) };
}
