/** The settings for an operator's eyes: what is in force and where it comes from, and of a secret only whether it is given. */
import type { ShownSetting } from "../contract/settings.ts";
import { withoutSecrets, withoutUsers } from "./locations-url.ts";
import { listed } from "./setting-values.ts";
import { type Setting, type SettingName, settings } from "./settings.ts";

interface Given {
  values: ReadonlyMap<string, string>;
  environment: Readonly<Record<string, string | undefined>>;
  /** What a path is when it is written out, also where it is derived from another. */
  paths: Partial<Record<SettingName, string>>;
}

export function showSettings({ values, environment, paths }: Given): ShownSetting[] {
  return settings.map((setting: Setting) => {
    const { name, group, about, secret = false } = setting;
    const path = paths[name as SettingName];
    const isGiven = Boolean(environment[name]);
    const isFromFile = secret && !isGiven && values.has(name);
    const hasDefault = setting.default !== null || path !== undefined;
    return {
      name,
      group,
      about,
      secret,
      value: secret ? null : (path ?? shown(name, values.get(name))),
      origin: isGiven ? "environment" : isFromFile ? "file" : hasDefault ? "default" : "unset",
    };
  });
}

/** An address may have a password in it, also where the setting is not called a secret, and that may have a comma. */
function shown(name: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  if (!value.includes("://")) return value;
  return name === "BACKUP_LOCATIONS"
    ? listed(withoutUsers(value)).map(withoutSecrets).join(", ")
    : withoutSecrets(value);
}
