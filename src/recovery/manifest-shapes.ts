/** What manifest.json and attested.json of a backup must look like to be believed. Pure. */
import { z } from "zod";
import { type Lsn, parseLsn } from "../postgres/lsn.ts";
import { type Attested, type BackupManifest, FORMAT } from "./layout.ts";
import { microseconds } from "./restore-plan-time.ts";

const bytes = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const timeline = z.number().int().positive();
const lsn = z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i);
const time = z.string().refine((text) => microseconds(text) !== null, "no time with a zone");
const digits = z.string().regex(/^\d+$/);
const moment = z.object({ at: time, timeline, lsn });

const manifestShape: z.ZodType<BackupManifest> = z.object({
  format: z.literal(FORMAT),
  id: z.string(),
  library: z.string(),
  incarnation: z.string().regex(/^[0-9a-z]+$/i),
  systemId: digits,
  postgres: z.object({ version: z.string(), major: z.number().int().positive(), checksums: z.boolean() }),
  settings: z.record(z.string(), z.string()),
  start: moment,
  end: moment,
  compression: z.enum(["zstd", "gzip"]),
  tar: z.object({ size: bytes, sha256 }),
  parts: z
    .array(
      z.object({
        // Names come from a place that others may write to: none leads out of the backup's folder.
        name: z.string().regex(/^part-\d{4,9}\.tar\.(zst|gz)$/),
        size: bytes,
        sha256,
        frames: z.array(z.object({ stored: bytes, plain: bytes })),
      }),
    )
    .min(1),
  database: z.object({ bytes, files: z.number().int().nonnegative() }),
  warnings: z.array(z.string()),
  leftOut: z.array(z.string()),
  promptlib: z.string(),
  reason: z.enum(["schedule", "manual", "first", "restored", "wal_lost"]),
});

const attestedShape: z.ZodType<Attested> = z.object({
  format: z.literal(FORMAT),
  backup: z.string(),
  point: z.string().min(1).max(63),
  timeline,
  lsn,
  at: time,
  locked: z.boolean(),
  databases: z.array(
    z.object({
      name: z.string(),
      tables: z.array(z.object({ name: z.string(), rows: z.string(), hash: z.string() })),
      sequences: z.array(z.object({ name: z.string(), value: z.string() })),
      notCompared: z.array(z.string()),
    }),
  ),
});

export type Understood<T> = { value: T } | { problem: string };

/** `problem`: what is wrong with it, to follow on its name. */
export function readManifest(text: string, id: string): Understood<BackupManifest> {
  const read = readShape(manifestShape, text);
  if ("problem" in read) return read;
  const { value } = read;
  if (value.id !== id) return { problem: `is that of the backup ${value.id}` };
  const [start, end] = [positionOf(value.start), positionOf(value.end)];
  if (end < start) return { problem: "says that the backup ends before it begins" };
  const odd = value.parts.find(({ size, frames }) => sum(frames, "stored") !== size);
  if (odd) return { problem: `gives other lengths for ${odd.name} than for its frames` };
  if (value.parts.reduce((total, { frames }) => total + sum(frames, "plain"), 0) !== value.tar.size) {
    return { problem: "gives another length for the archive than for its frames" };
  }
  return { value };
}

/** `problem`: what is wrong with it, to follow on its name. */
export function readAttested(text: string, id: string): Understood<Attested> {
  const read = readShape(attestedShape, text);
  if ("value" in read && read.value.backup !== id) return { problem: `is that of the backup ${read.value.backup}` };
  return read;
}

/** Throws RangeError where it is none; what was read by the shapes is one. */
export function positionOf({ lsn: text }: { lsn: string }): Lsn {
  return parseLsn(text);
}

function readShape<T>(shape: z.ZodType<T>, text: string): Understood<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "is no JSON" };
  }
  const newer = z.object({ format: z.number().int().gt(FORMAT) }).safeParse(value);
  if (newer.success) return { problem: `has the format ${newer.data.format}, of a newer Prompt Library than this one` };
  const parsed = shape.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  const [issue] = parsed.error.issues;
  return { problem: `cannot be understood: ${issue?.path.join(".") || "it"}: ${issue?.message ?? "not valid"}` };
}

function sum<Key extends string>(items: readonly Record<Key, number>[], key: Key): number {
  return items.reduce((total, item) => total + item[key], 0);
}
