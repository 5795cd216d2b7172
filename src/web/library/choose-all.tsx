/** All prompts that the list shows or would show, chosen at once. */
import { useLayoutEffect, useRef, useState } from "react";
import type { PromptSummary } from "../../sdk/index.ts";
import type { LibraryFilter } from "../address.ts";
import type { Selection } from "../bulk/selection.ts";
import { clientOf, noteFailure } from "../calls.ts";
import { say } from "../shell/notices.tsx";
import { type Listing, queryOf } from "./listing.ts";

/** More are done from the command line. */
const MOST = 5_000;

interface ChooseAllProps {
  project: string;
  filter: LibraryFilter;
  listing: Listing;
  selection: Selection;
}

export function ChooseAll({ project, filter, listing, selection }: ChooseAllProps) {
  const asked = JSON.stringify(queryOf(filter));
  /** What is being loaded. */
  const [loading, setLoading] = useState<string | null>(null);
  /** null: nothing that could be chosen is looked at. */
  const present = useRef<string | null>(null);
  useLayoutEffect(() => {
    present.current = asked;
    return () => {
      present.current = null;
    };
  }, [asked]);
  const { items, isWhole } = listing;
  const { chosen } = selection;
  const isAll = isWhole && items.every(({ name }) => chosen.has(name));
  const choose = async () => {
    if (isAll) return selection.clear();
    if (isWhole) return selection.add(items);
    setLoading(asked);
    const isWanted = () => present.current === asked;
    try {
      const every = await everyPrompt(project, filter, isWanted);
      if (isWanted()) selection.add(every);
    } catch (error) {
      const { message } = noteFailure(error);
      if (isWanted()) say(`Not chosen: ${message}`);
    }
    setLoading((last) => (last === asked ? null : last));
  };
  return (
    <label className="check choose-all">
      <input
        type="checkbox"
        checked={isAll}
        disabled={loading === asked}
        ref={(box) => {
          if (box) box.indeterminate = !isAll && chosen.size > 0;
        }}
        onChange={() => void choose()}
      />
      {loading === asked ? "Choosing …" : "Choose all"}
    </label>
  );
}

/** Ends, whatever it has by then, as soon as somebody looks at something else. */
async function everyPrompt(project: string, filter: LibraryFilter, isWanted: () => boolean): Promise<PromptSummary[]> {
  const found: PromptSummary[] = [];
  for await (const prompt of clientOf(project).allPrompts({ ...queryOf(filter), limit: 200 })) {
    if (!isWanted()) break;
    if (found.length === MOST) {
      say(`The first ${MOST.toLocaleString("en")} are chosen; that is the most at once.`);
      break;
    }
    found.push(prompt);
  }
  return found;
}
