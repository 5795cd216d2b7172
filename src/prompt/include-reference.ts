/** What `{{> … }}` names: a prompt, and behind the last @ a version or a label. */
import { nameFault } from "./names.ts";

export interface IncludeReference {
  name: string;
  version: number | null;
  /** Null with a null version: the label that was asked for, else `production`. */
  label: string | null;
}

const LARGEST_VERSION = 2147483647;

/** Or what is wrong with it. Names may hold an @, too: then the last one, with a version or label, has to be there. */
export function parseReference(text: string): IncludeReference | { fault: string } {
  const at = text.lastIndexOf("@");
  const name = (at === -1 ? text : text.slice(0, at)).trim().normalize("NFC");
  const fault = nameFault(name);
  if (fault !== null) return { fault: `the name of the include ${fault}` };
  if (at === -1) return { name, version: null, label: null };
  const which = text.slice(at + 1).trim();
  if (/^[1-9]\d{0,9}$/.test(which) && Number(which) <= LARGEST_VERSION) {
    return { name, version: Number(which), label: null };
  }
  if (/^[a-z0-9][a-z0-9._-]{0,35}$/.test(which) && !/^\d+$/.test(which)) return { name, version: null, label: which };
  return { fault: `“${which}” behind the last @ of the include is neither a version nor a label` };
}

/** The same for all ways of writing one reference. */
export function referenceKey({ name, version, label }: IncludeReference): string {
  return version !== null ? `${name}@${version}` : label !== null ? `${name}@${label}` : name;
}
