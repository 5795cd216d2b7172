/** Keys of model providers in files of prompts: a library that many read is no place for them. */
import type { Json } from "../../contract/shapes.ts";
import { type Fields, isRecord } from "./fields.ts";

const secretName = /^(.*api[_-]?key|.*[_-]?secret|.*password|access[_-]?token|authorization)$/i;
/** `${env:NAME}` only says where the secret is. */
const reference = /^(\$\{[^}]*\}|\{\{[^}]*\}\}|\$[A-Z_][A-Z0-9_]*)?$/;

/** The settings without secrets; `left` says which were left out. */
export function withoutSecrets(settings: Fields): { config: Fields; left: string[] } {
  const left: string[] = [];
  const clean = (value: Json, path: string): Json => {
    if (Array.isArray(value)) return value.map((each, at) => clean(each, `${path}.${at}`));
    if (!isRecord(value)) return value;
    const kept: Fields = {};
    for (const [key, inner] of Object.entries(value)) {
      const place = path === "" ? key : `${path}.${key}`;
      if (secretName.test(key) && typeof inner === "string" && !reference.test(inner.trim())) {
        left.push(`${place} was left out: it looks like a secret`);
      } else {
        kept[key] = clean(inner, place);
      }
    }
    return kept;
  };
  const cleaned = clean(settings, "");
  return { config: isRecord(cleaned) ? cleaned : {}, left };
}
