/** An import on its way: what became of each prompt, as the server tells it. */
import { useEffect, useRef, useState } from "react";
import type { ImportFormat } from "../../sdk/import-formats.ts";
import type { ImportItem, ImportSummary, PromptlibError } from "../../sdk/index.ts";
import { clientOf, noteFailure } from "../calls.ts";
import { forgetListings } from "../library/listing.ts";
import { say } from "../shell/notices.tsx";
import { type GivenFile, piecesOf } from "./files.ts";
import { sentenceOf } from "./report.ts";

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

/** The browser asks whether the page is to be left, with which the import would end. Answers what ends that, for this import alone. */
function askBeforeLeaving(): () => void {
  const ask = (event: BeforeUnloadEvent) => event.preventDefault();
  addEventListener("beforeunload", ask);
  return () => removeEventListener("beforeunload", ask);
}

/** On whichever page one is by then. */
function sayAfterwards(text: string): void {
  forgetListings();
  say(text);
}

export function useImport(project: string) {
  const [run, setRun] = useState<Run | null>(null);
  const stop = useRef<AbortController | null>(null);
  const going = useRef<Order | null>(null);
  const isLeft = useRef(false);
  useEffect(() => {
    isLeft.current = false;
    return () => {
      isLeft.current = true;
      if (going.current?.dryRun === false) say(`The import into ${project} goes on. What comes of it is said here.`);
      else stop.current?.abort();
    };
  }, [project]);
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
    going.current = order;
    const { files, format, source, prune, dryRun } = order;
    const options = { format, dryRun, prune, ...(source === "" ? {} : { source }), signal: own.signal };
    const askNoMore = dryRun ? null : askBeforeLeaving();
    try {
      for await (const line of clientOf(project).importPrompts(piecesOf(files), options)) {
        if ("summary" in line) {
          if (isLeft.current) sayAfterwards(`Imported into ${project}: ${sentenceOf(line.summary, false)}`);
          return tell({ summary: line.summary });
        }
        items.push(line);
        if (performance.now() - told > TELL_MS) tell();
      }
    } catch (error) {
      const known = noteFailure(error);
      if (isLeft.current && !dryRun) sayAfterwards(`The import into ${project} broke off: ${known.message}`);
      tell({ error: known });
    } finally {
      if (going.current === order) going.current = null;
      askNoMore?.();
    }
  };
  return {
    run,
    start,
    /** Something is being written: what is done on the page meanwhile must not end it. */
    isImporting: run !== null && !run.order.dryRun && run.summary === null && run.error === null,
    /** The same at the very moment, for who has waited for something. */
    isImportingNow: () => going.current?.dryRun === false,
    /** What was saved by then stays. */
    stop: () => stop.current?.abort(),
    forget() {
      stop.current?.abort();
      stop.current = null;
      setRun(null);
    },
  };
}
