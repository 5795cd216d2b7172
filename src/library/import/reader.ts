/** What every reader of a format takes and answers. The formats themselves are in the files named after them. */
import type { Json, Message, Variable } from "../../contract/shapes.ts";

export interface ImportedFile {
  /** As it is told to the user. */
  path: string;
  /** Its path in the folder that is imported: what prompts are named after, where a format has no names of its own. */
  inside: string;
  bytes: AsyncIterable<Uint8Array>;
}

/** A prompt as a file has it, with a text or with messages. */
export interface ReadPrompt {
  name: string;
  text?: string;
  messages?: Message[];
  template: "mustache" | "none";
  variables: Record<string, Variable>;
  config?: Record<string, Json>;
  tags?: string[];
  description?: string;
  labels?: string[];
  /** Why the version was made; where the file says nothing, where it comes from. */
  message?: string;
  /** One of several versions of its prompt, in their order. */
  isVersion?: true;
  /** What was changed or kept verbatim, each a sentence without its full stop. */
  notes: string[];
}

/** `line` is the physical line, from 1: where the prompt begins, or where the fault is. */
export type Row =
  | { line: number; item: ReadPrompt }
  /** Identical with an earlier one, whose prompt is named. */
  | { line: number; twin: string }
  /** Rejected; with the name where it could be read. */
  | { line: number; reason: string; name: string | null };

/** Reads the files one after the other, flat in memory. Depends on nothing but paths and bytes. */
export type Reader = (files: AsyncIterable<ImportedFile>) => AsyncIterable<Row & { path: string }>;
