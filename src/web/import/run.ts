/** An import on its way: what became of each prompt, as the server tells it. */
import { useEffect, useRef, useState } from "react";
import type { ImportFormat } from "../../sdk/import-formats.ts";
import type { ImportItem, ImportSummary, PromptlibError } from "../../sdk/index.ts";
import { clientOf, noteFailure } from "../calls.ts";
import { type GivenFile, piecesOf } from "./files.ts";

export interface Order {
  files: readonly GivenFile[];
  format: ImportFormat;
  source: string;
  prune: boolean;
  dryRun: boolean;
}

export interface Run {
  order: Order;
  items: readonly ImportItem[];
  /** null: it is on its way, or broke off. */
  summary: ImportSummary | null;
  error: PromptlibError | null;
}

/** How often the page tells how far it is. */
const TELL_MS = 200;

export function useImport(project: string) {
  const [run, setRun] = useState<Run | null>(null);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const start = async (order: Order) => {
    stop.current?.abort();
    const own = new AbortController();
    stop.current = own;
    const items: ImportItem[] = [];
    let told = 0;
    const tell = (part: Partial<Run> = {}) => {
      told = performance.now();
      if (stop.current === own) setRun({ order, items: [...items], summary: null, error: null, ...part });
    };
    tell();
    const { files, format, source, prune, dryRun } = order;
    const options = { format, dryRun, prune, ...(source === "" ? {} : { source }), signal: own.signal };
    try {
      for await (const line of clientOf(project).importPrompts(piecesOf(files), options)) {
        if ("summary" in line) return tell({ summary: line.summary });
        items.push(line);
        if (performance.now() - told > TELL_MS) tell();
      }
    } catch (error) {
      tell({ error: noteFailure(error) });
    }
  };
  return {
    run,
    start,
    /** What was saved by then stays. */
    stop: () => stop.current?.abort(),
    forget() {
      stop.current?.abort();
      stop.current = null;
      setRun(null);
    },
  };
}
