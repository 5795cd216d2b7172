/** The prompt as a program fetches it, to be copied. */
import { useRef, useState } from "react";
import type { Prompt } from "../../sdk/index.ts";
import { Copy } from "../shell/copy.tsx";
import { Dialog } from "../shell/dialog.tsx";
import { LANGUAGES, type Language, snippetOf } from "./snippets.ts";

interface CopyCodeProps {
  prompt: Prompt;
  /** Those that the prompt has. */
  labels: readonly string[];
  onClose(): void;
}

export function CopyCode({ prompt, labels, onClose }: CopyCodeProps) {
  const [language, setLanguage] = useState<Language>("curl");
  const [label, setLabel] = useState(labels.includes("production") ? "production" : (labels[0] ?? "latest"));
  const code = snippetOf(language, { url: location.origin, prompt, label });
  const shown = useRef<HTMLPreElement>(null);
  return (
    <Dialog title="Copy as code" onClose={onClose}>
      <div className="stack">
        <div className="two-fields">
          <label className="field">
            <span>Language</span>
            <select
              value={language}
              onChange={(event) => setLanguage(LANGUAGES.find((each) => each === event.target.value) ?? "curl")}
            >
              {LANGUAGES.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <label className="field">
            <span>Which version</span>
            <select value={label} onChange={(event) => setLabel(event.target.value)}>
              {[...new Set([...labels, "latest"])].map((each) => (
                <option key={each} value={each}>
                  {each === "latest" ? "the newest (latest)" : `the one with ${each}`}
                </option>
              ))}
            </select>
          </label>
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls takes the focus */}
        <pre ref={shown} className="prose" tabIndex={0}>
          {code}
        </pre>
        <p className="hint">The API key is not in it: put one that may read into PROMPTLIB_API_KEY.</p>
        <div className="buttons">
          <Copy text={code} shown={shown} className="primary" />
        </div>
      </div>
    </Dialog>
  );
}
