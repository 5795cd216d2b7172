/** The log: JSON lines by pino, to a file when the supervisor runs us, else to standard output. */
import { renameSync, statSync } from "node:fs";
import { type DestinationStream, destination, type Logger, pino } from "pino";
import { isErrno } from "./files.ts";

export type Log = Logger;
export type LogLevel = "debug" | "info" | "warn" | "error";

const ROTATE_AT = 16 * 1024 * 1024;

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
  const stream: DestinationStream = file ? destination({ dest: rotated(file), sync: false }) : destination(1);
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
