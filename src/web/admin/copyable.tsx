/** Text to take along: shown whole, selected at a click, copied by a button. It is kept nowhere but here. */
import { useId, useRef, useState } from "react";

interface CopyableProps {
  name: string;
  text: string;
}

type Outcome = "none" | "copied" | "refused";

export function Copyable({ name, text }: CopyableProps) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const [outcome, setOutcome] = useState<Outcome>("none");
  const copy = async () => {
    field.current?.select();
    setOutcome((await copied(text)) ? "copied" : "refused");
  };
  return (
    <div className="copyable">
      <label htmlFor={id}>{name}</label>
      <textarea
        ref={field}
        id={id}
        className="code"
        readOnly
        rows={1}
        value={text}
        spellCheck={false}
        autoComplete="off"
        onFocus={(event) => event.currentTarget.select()}
      />
      <button type="button" onClick={copy}>
        Copy<span className="unseen"> {name}</span>
      </button>
      <span role="status" className="hint">
        {outcome === "copied" && "Copied."}
        {outcome === "refused" && "This browser does not let pages copy here: it is selected, press Ctrl-C."}
      </span>
    </div>
  );
}

/** On plain HTTP elsewhere than on this machine, browsers have no clipboard for pages. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
