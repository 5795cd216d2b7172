/** Copying what is shown. Where a page may not, it is selected, to be copied by hand. */
import { type RefObject, useState } from "react";

interface CopyProps {
  text: string;
  /** Where it is shown. */
  shown: RefObject<HTMLElement | null>;
  /** What it is, for who does not see it. */
  name?: string;
  className?: string;
}

type Outcome = "none" | "copied" | "refused";

export function Copy({ text, shown, name, className }: CopyProps) {
  const [outcome, setOutcome] = useState<Outcome>("none");
  const copy = async () => {
    select(shown.current);
    setOutcome((await copied(text)) ? "copied" : "refused");
  };
  return (
    <>
      <button type="button" className={className} onClick={() => void copy()}>
        Copy{name !== undefined && <span className="unseen"> {name}</span>}
      </button>
      <span role="status" className="hint">
        {outcome === "copied" && "Copied."}
        {outcome === "refused" && "This browser does not let pages copy here: it is selected, press Ctrl-C."}
      </span>
    </>
  );
}

function select(element: HTMLElement | null): void {
  if (element instanceof HTMLTextAreaElement) element.select();
  else if (element) getSelection()?.selectAllChildren(element);
}

/** Where a page has no clipboard, what is selected may be copied all the same. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
