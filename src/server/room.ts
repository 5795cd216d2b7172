/** Whether the database is away because its disk is full: then whoever writes hears that, and not to wait. */
import { statfsSync } from "node:fs";
import type { Config } from "../base/config.ts";
import type { PromptlibError } from "../contract/errors.ts";
import type { Route } from "../contract/route.ts";
import { diskFull } from "../database/database.ts";

/** PostgreSQL goes down by itself when there is no room for the next 16 MiB of its log, and needs more to come back. */
const LOG_ROOM_BYTES = 32 * 1024 * 1024;

/** The error to tell. `route` undefined: there is none. Of a PostgreSQL that is not ours nothing is known. */
export function forWantOfRoom(error: PromptlibError, route: Route | undefined, config: Config): PromptlibError {
  const isWrite = route !== undefined && route.method !== "GET" && !route.withoutDatabase;
  if (error.code !== "database_unavailable" || !isWrite || config.database) return error;
  return hasRoom(config.home.postgres) ? error : diskFull(error);
}

function hasRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize >= LOG_ROOM_BYTES;
  } catch {
    return true; // not there (yet), or not ours to look at: then nothing can be said of it
  }
}
