/**
 * Writing a template: a plain text area with colours behind it, and below it what the tag that is being written could
 * be. Tab takes the first, unless the tag was whole before; whoever does not want it goes on writing, or presses Escape.
 */
import { type KeyboardEvent, type TextareaHTMLAttributes, useDeferredValue, useId, useRef, useState } from "react";
import { useIncludable } from "./includable.ts";
import { LitText } from "./lit-text.tsx";
import { completionOf, type OpenTag, openTagAt, suggestionsFor } from "./open-tag.ts";

/** Characters; beyond, laying the colours out at each key is felt. */
const MOST_LIT = 50_000;

interface TemplateFieldProps extends Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "value" | "onChange"> {
  value: string;
  project: string;
  /** What is suggested for a variable. */
  variables: readonly string[];
  isTemplate: boolean;
  onText(text: string): void;
}

export function TemplateField({ value, project, variables, isTemplate, onText, ...rest }: TemplateFieldProps) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const ground = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<OpenTag | null>(null);
  const lit = useDeferredValue(value);
  const prompts = useIncludable(project, open?.kind === "include" ? open.begun : null);
  const suggested = open ? suggestionsFor(open.begun, open.kind === "include" ? prompts : variables) : [];
  const look = () => {
    const { selectionStart = 0, selectionEnd = 0, value: text = "" } = area.current ?? {};
    const next = isTemplate && selectionStart === selectionEnd ? openTagAt(text, selectionStart) : null;
    setOpen((last) => (JSON.stringify(last) === JSON.stringify(next) ? last : next));
  };
  const take = (name: string) => {
    const element = area.current;
    if (!element || !open) return;
    const caret = element.selectionStart;
    const { replace, text } = completionOf(open, name);
    element.focus();
    element.setSelectionRange(caret - replace, caret);
    // As if it was typed, so that Ctrl-Z takes it back.
    if (!document.execCommand("insertText", false, text)) {
      element.setRangeText(text, caret - replace, caret, "end");
      onText(element.value);
    }
    setOpen(null);
  };
  // Behind a name that may be meant as it is, Tab goes on as everywhere.
  const takesTab = open !== null && (open.begun === "" || !open.isClosed);
  const press = (event: KeyboardEvent) => {
    // Its keys choose among what an input method offers.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    const [first] = suggested;
    if (first === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.key === "Tab" && takesTab) {
      event.preventDefault();
      take(first);
    } else if (event.key === "Escape") {
      event.preventDefault();
      setOpen(null);
    }
  };
  return (
    <div className="template-field">
      <div className="lit">
        <div ref={ground} className="lit-ground code" dir="auto" aria-hidden="true">
          {isTemplate && lit.length <= MOST_LIT && <LitText text={lit} />}
        </div>
        <textarea
          {...rest}
          ref={area}
          className="code"
          dir="auto"
          value={value}
          onChange={(event) => {
            onText(event.target.value);
            look();
          }}
          onSelect={look}
          onKeyDown={press}
          onScroll={(event) => {
            if (ground.current) ground.current.scrollTop = event.currentTarget.scrollTop;
          }}
        />
      </div>
      <div className="suggested" role="status" aria-label="Suggestions">
        {suggested.length > 0 && (
          <>
            <span id={id} className="hint">
              {takesTab ? "Tab puts in the first, Escape none:" : "Instead:"}
            </span>
            {suggested.map((name) => (
              <button
                key={name}
                type="button"
                tabIndex={takesTab ? -1 : 0}
                className="chip tag"
                onClick={() => take(name)}
              >
                <bdi>{name}</bdi>
              </button>
            ))}
          </>
        )}
      </div>
    </div>
  );
}
