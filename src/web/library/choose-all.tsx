/** All prompts that the list shows or would show, chosen at once. */
import { useState } from "react";
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
  const [loading, setLoading] = useState(false);
  const { items, isWhole } = listing;
  const { chosen } = selection;
  const isAll = isWhole && items.every(({ name }) => chosen.has(name));
  const choose = async () => {
    if (isAll) return selection.clear();
    if (isWhole) return selection.add(items);
    setLoading(true);
    try {
      selection.add(await everyPrompt(project, filter));
    } catch (error) {
      say(`Not chosen: ${noteFailure(error).message}`);
    }
    setLoading(false);
  };
  return (
    <label className="check choose-all">
      <input
        type="checkbox"
        checked={isAll}
        disabled={loading}
        ref={(box) => {
          if (box) box.indeterminate = !isAll && chosen.size > 0;
        }}
        onChange={() => void choose()}
      />
      {loading ? "Choosing …" : "Choose all"}
    </label>
  );
}

async function everyPrompt(project: string, filter: LibraryFilter): Promise<PromptSummary[]> {
  const found: PromptSummary[] = [];
  for await (const prompt of clientOf(project).allPrompts({ ...queryOf(filter), limit: 200 })) {
    if (found.length === MOST) {
      say(`The first ${MOST.toLocaleString("en")} are chosen; that is the most at once.`);
      break;
    }
    found.push(prompt);
  }
  return found;
}
