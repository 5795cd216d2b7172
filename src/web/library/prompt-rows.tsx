/** The rows of the list. Only those in view exist; the list is as high as if all did. */
import { type KeyboardEvent, memo, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { FoundPrompt } from "../../sdk/index.ts";
import type { Selection } from "../bulk/selection.ts";
import { Link } from "../navigation.tsx";
import { LabelChip, TagChip } from "../shell/chips.tsx";
import { When } from "../shell/when.tsx";
import { beginningOf, type Piece, piecesOf } from "./marks.ts";
import { SPARE, visibleRows } from "./visible-rows.ts";

interface PromptRowsProps {
  rows: readonly FoundPrompt[];
  /** As far as it is known: rows and those still to be loaded. */
  total: number;
  /** What is shown is what was asked for before. */
  isOld: boolean;
  /** null: nothing can be done to many of them. */
  selection: Selection | null;
  onEnd(): void;
  onTag(tag: string): void;
}

export function PromptRows({ rows, total, isOld, selection, onEnd, onTag }: PromptRowsProps) {
  const list = useRef<HTMLUListElement>(null);
  const { from, to, rowHeight } = useVisible(list, rows.length, useSpare(isOld));
  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows or a scroll ask for more; that it failed does not
  useEffect(() => {
    // They are drawn some way beyond what is in view.
    if (rows.length > 0 && to === rows.length) onEnd();
  }, [rows, to]);
  if (rows.length === 0) return null;
  return (
    <ul
      ref={list}
      className="rows"
      aria-label="Prompts"
      aria-busy={isOld}
      data-selectable={selection !== null}
      style={{ height: rows.length * rowHeight }}
      onKeyDown={(event) => {
        const at = event.target instanceof Element ? event.target.closest("li")?.ariaPosInSet : null;
        if (event.key !== "x" || !at || !selection || event.ctrlKey || event.metaKey || event.altKey) moveFocus(event);
        else selection.toggle(rows, Number(at) - 1, false);
      }}
    >
      {rows.slice(from, to).map((prompt, index) => (
        <li
          key={prompt.name}
          className="row"
          data-chosen={selection?.chosen.has(prompt.name)}
          aria-setsize={Math.max(total, rows.length)}
          aria-posinset={from + index + 1}
          style={{ transform: `translateY(${(from + index) * rowHeight}px)` }}
        >
          {selection && (
            <input
              type="checkbox"
              className="row-choice"
              aria-label={`Choose ${prompt.name}`}
              checked={selection.chosen.has(prompt.name)}
              // The mouse tells of the shift key, the change does not.
              onClick={(event) => selection.toggle(rows, from + index, event.shiftKey)}
              onChange={() => undefined}
            />
          )}
          <Row prompt={prompt} onTag={onTag} />
        </li>
      ))}
    </ul>
  );
}

const Row = memo(function Row({ prompt, onTag }: { prompt: FoundPrompt; onTag(tag: string): void }) {
  const { name, description, tags, labels, newest, type, updatedAt, match } = prompt;
  const slash = name.lastIndexOf("/") + 1;
  return (
    <>
      <div className="row-name">
        <Link to={{ at: "prompt", name, version: null }} title={name}>
          <bdi className="folder">
            <Marked pieces={piecesOf(name, match?.nameMarks ?? [], 0, slash)} />
          </bdi>
          <bdi className="leaf">
            <Marked pieces={piecesOf(name, match?.nameMarks ?? [], slash)} />
          </bdi>
        </Link>
        {type === "chat" && <span className="kind">chat</span>}
      </div>
      <p className="row-about">
        {tags.map((tag) => (
          <TagChip key={tag} tag={tag} onClick={() => onTag(tag)} />
        ))}
        <bdi>{match?.snippet ? <Snippet snippet={match.snippet} /> : description}</bdi>
      </p>
      <div className="row-labels">
        {Object.entries(labels)
          .filter(([label]) => label !== "latest")
          .map(([label, version]) => (
            <LabelChip key={label} label={label} version={version} isNewest={version === newest} />
          ))}
      </div>
      <p className="row-when">
        <span className="version">v{newest}</span> <When at={updatedAt} />
      </p>
    </>
  );
});

function Marked({ pieces }: { pieces: readonly Piece[] }) {
  return pieces.map(({ text, found }, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place
    found ? <mark key={index}>{text}</mark> : text,
  );
}

function Snippet({ snippet }: { snippet: NonNullable<NonNullable<FoundPrompt["match"]>["snippet"]> }) {
  const from = beginningOf(snippet);
  return (
    <>
      {from > 0 && "…"}
      <Marked pieces={piecesOf(snippet.text, snippet.marks, from)} />
    </>
  );
}

/** Up and down go from prompt to prompt; the page scrolls along. */
function moveFocus(event: KeyboardEvent<HTMLUListElement>): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const row = event.target instanceof Element ? event.target.closest("li") : null;
  if (step === 0 || !row) return;
  event.preventDefault();
  const next = step === 1 ? row.nextElementSibling : row.previousElementSibling;
  const isChoosing = event.target instanceof HTMLInputElement;
  const target = next?.querySelector<HTMLElement>(isChoosing ? "input" : "a");
  target?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

/** What was found anew is painted first; what stands around it is drawn right after. */
function useSpare(isOld: boolean): number {
  const [isNew, setNew] = useState(false);
  if (isOld && !isNew) setNew(true);
  useEffect(() => {
    if (isOld || !isNew) return;
    let timer = 0;
    const frame = requestAnimationFrame(() => {
      timer = window.setTimeout(() => setNew(false));
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [isOld, isNew]);
  return isNew && !isOld ? 0 : SPARE;
}

function useVisible(list: React.RefObject<HTMLUListElement | null>, count: number, spare: number) {
  const [view, setView] = useState({ above: 0, height: 900, rowHeight: 64 });
  const isEmpty = count === 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: an empty list is not there to be measured
  useLayoutEffect(() => {
    const measure = () => {
      const element = list.current;
      if (!element) return;
      const above = Math.round(-element.getBoundingClientRect().top);
      const rowHeight = Number.parseFloat(getComputedStyle(element).getPropertyValue("--row-height"));
      setView((last) =>
        last.above === above && last.height === innerHeight && last.rowHeight === rowHeight
          ? last
          : { above, height: innerHeight, rowHeight },
      );
    };
    measure();
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, [list, isEmpty]);
  return { ...visibleRows({ ...view, count }, spare), rowHeight: view.rowHeight };
}
