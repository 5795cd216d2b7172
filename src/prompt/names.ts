/** Names of prompts: what they may be, in one form, so that two spellings of one name never become two prompts. */
import { PromptlibError } from "../contract/errors.ts";

/** Bytes of a name as UTF-8. */
const NAME_LIMIT = 255;

/** What is wrong with a name that is already in NFC, as half a sentence ("is empty"), or null. */
export function nameFault(name: string): string | null {
  if (name === "") return "is empty";
  if (!name.isWellFormed()) return "holds half a surrogate pair";
  if (/\p{Cc}/u.test(name)) return "holds a control character";
  if (name.trim() !== name) return "begins or ends with a space";
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > NAME_LIMIT) return `is ${bytes} bytes long; at most ${NAME_LIMIT} are allowed`;
  for (const segment of name.split("/")) {
    if (segment === "") return "has an empty part: a / at an end, or two in a row";
    if (segment === "." || segment === "..") return `has the part "${segment}", which means a folder elsewhere`;
  }
  return null;
}

/** The name in NFC, case kept. Throws `invalid_request` saying exactly what is wrong with it. */
export function normalizeName(raw: string): string {
  const name = raw.normalize("NFC");
  const fault = nameFault(name);
  if (fault === null) return name;
  const message = `The name ${fault}.`;
  throw new PromptlibError("invalid_request", { message, details: [{ path: "name", message }] });
}

/** The folder of a name: everything before the last `/`; "" at the top. */
export function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}
