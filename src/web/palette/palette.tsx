/**
 * Going anywhere by typing: any prompt, any page that one may see, and what is done most often. A combobox with a list
 * (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/): the focus stays in the field, the arrows choose.
 */
import { type KeyboardEvent, useEffect, useId, useMemo, useState } from "react";
import { go } from "../navigation.tsx";
import { Dialog } from "../shell/dialog.tsx";
import type { RoomProps } from "../shell/page.tsx";
import { chosenOf, entered, steppedTo } from "./choosing.ts";
import { placesOf, usePrompts } from "./entries.ts";
import { type Entry, matching } from "./matching.ts";

export interface PaletteProps extends Pick<RoomProps, "identity" | "access"> {
  onClose(): void;
}

export default function Palette({ identity, access, onClose }: PaletteProps) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const [pointed, setPointed] = useState<string | null>(null);
  const [isEntered, setEntered] = useState(false);
  const places = useMemo(() => matching(placesOf({ identity, access }), typed), [identity, access, typed]);
  const prompts = usePrompts(access, typed);
  const entries = useMemo(() => [...places, ...prompts.entries], [places, prompts.entries]);
  const offer = { places, prompts: prompts.entries, isLooking: prompts.state === "looking", pointed };
  const chosen = chosenOf(offer);
  const point = (index: number) => {
    setPointed(entries[index]?.key ?? null);
    setEntered(false);
  };
  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    go(entry.to);
  };
  const enter = () => {
    const entry = entered(offer);
    setEntered(entry === "later");
    if (entry !== "later") run(entry);
  };
  const press = (event: KeyboardEvent) => {
    // The keys of an input method are its own: they choose among its words. Safari tells its last one by 229 alone.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    const next = steppedTo(event.key, chosen, entries.length);
    if (next === null && event.key !== "Enter") return;
    event.preventDefault();
    if (next === null) enter();
    else point(next);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: what Enter waited for has come
  useEffect(() => {
    if (isEntered && !offer.isLooking) enter();
  }, [isEntered, offer.isLooking]);
  useEffect(() => {
    document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: "nearest" });
  }, [id, chosen]);
  return (
    <Dialog title="Go to" onClose={onClose}>
      <div className="palette">
        <input
          type="text"
          role="combobox"
          aria-label="A prompt, a page, or what to do"
          aria-expanded={entries.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={entries.length > 0 ? `${id}-${chosen}` : undefined}
          placeholder="A prompt, a page, or what to do"
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            point(-1);
          }}
          onKeyDown={press}
        />
        <div id={`${id}-list`} role="listbox" aria-label="Where to" className="palette-list">
          {entries.map((entry, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
            <div
              key={entry.key}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === chosen}
              onClick={() => run(entry)}
              onPointerMove={() => point(index)}
            >
              <bdi>{entry.title}</bdi> <small>{entry.kind}</small>
            </div>
          ))}
        </div>
        <p className="hint" role="status">
          {said(typed, entries.length, prompts.state)}
        </p>
      </div>
    </Dialog>
  );
}

function said(typed: string, count: number, state: "idle" | "looking" | "failed"): string {
  if (state === "failed") return "Prompts cannot be looked for now.";
  if (typed.trim() === "") return "Type to find a prompt. Arrows choose, Enter goes, Escape closes.";
  if (state === "looking") return "Looking …";
  return count === 0 ? "Nothing is called so." : `${count} found`;
}
