/** Aliases in the mirror: a small file under each former name of a prompt says how it is called now. */
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { isErrno, prepareDirectory, readIfExists, replaceFile } from "../base/files.ts";
import type { Id } from "../database/tables.ts";

/** Behind the name as behind that of an archive: `~` is never part of an encoded name. */
const SUFFIX = "~alias.json";

export interface MirroredAlias {
  format: 1;
  project: string;
  /** The former name. */
  alias: string;
  /** The present name, and the id, of the prompt that answers. */
  prompt: string;
  id: Id;
}

export function isAliasFile(name: string): boolean {
  return name.endsWith(SUFFIX);
}

/** Beside the file that a prompt of this name would have. */
export function aliasFile(promptFile: string): string {
  return promptFile.replace(/\.json$/, SUFFIX);
}

/** Null when there is none, or one that cannot be read: it is made anew with the prompt's next change. */
export async function readAliasFile(promptFile: string): Promise<MirroredAlias | null> {
  return readAlias(aliasFile(promptFile));
}

export async function readAlias(path: string): Promise<MirroredAlias | null> {
  const text = await readIfExists(path);
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as Partial<MirroredAlias> | null;
    return typeof value?.alias === "string" && typeof value.prompt === "string" ? (value as MirroredAlias) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export async function writeAliasFile(promptFile: string, alias: MirroredAlias): Promise<void> {
  const before = await readAliasFile(promptFile);
  if (before?.id === alias.id && before.prompt === alias.prompt) return;
  await replaceIn(aliasFile(promptFile), `${JSON.stringify(alias, null, 2)}\n`);
}

/** Removes the file unless it leads to another prompt. */
export async function removeAliasFile(promptFile: string, id: Id): Promise<void> {
  const alias = await readAliasFile(promptFile);
  if (alias?.id === id) await rm(aliasFile(promptFile), { force: true });
}

/** Nearly always the folder is there: it is made when it turns out not to be. */
export async function replaceIn(path: string, text: string): Promise<void> {
  try {
    await replaceFile(path, text);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
    await prepareDirectory(dirname(path), 0o700);
    await replaceFile(path, text);
  }
}
