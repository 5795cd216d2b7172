/** The log: JSON lines by pino, to a file when the supervisor runs us, else to standard output. */
import { renameSync, statSync } from "node:fs";
import { destination, type Logger, pino } from "pino";
import { DISK_AWAY, isErrno } from "./files.ts";

export type Log = Logger;
export type LogLevel = "debug" | "info" | "warn" | "error";

const ROTATE_AT = 16 * 1024 * 1024;
/** While the disk takes nothing, so many characters wait for it; what comes after them is lost. */
const LONGEST_WAIT = 1024 * 1024;

/** Secrets never reach a log, whatever object is logged. */
const redact = {
  paths: [
    "password",
    "token",
    "secret",
    "key",
    "authorization",
    "cookie",
    "*.password",
    "*.token",
    "*.secret",
    "*.key",
  ],
  censor: "(hidden)",
};

export function openLog(level: LogLevel, file: string | null): Log {
  // Written at once: what waits in memory is missing after a kill -9, and at an exit pino tries to write it until the
  // disk has room, for hours if need be, while the process holds its socket and answers nobody.
  const stream = destination({ dest: file ? rotated(file) : 1, sync: true, maxLength: LONGEST_WAIT });
  stream.on("error", (error: unknown) => {
    if (!isErrno(error, ...DISK_AWAY, "EPIPE")) throw error;
  });
  return pino({ level, base: { pid: process.pid }, redact, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

/** At each start a log that grew large makes room, one generation is kept. */
export function rotated(file: string): string {
  try {
    if (statSync(file).size > ROTATE_AT) renameSync(file, `${file}.1`);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
  return file;
}
