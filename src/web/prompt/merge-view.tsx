/** Yours and theirs as one: what only one of both changed is in it, and one chooses where both did. */
import { useMemo, useState } from "react";
import type { MergePiece } from "../../prompt/merge-text.ts";
import type { Content } from "./draft.ts";
import { type Choices, type MergedText, mergeContents, type Taken } from "./merging.ts";

interface MergeViewProps {
  base: Content;
  mine: Content;
  theirs: Content;
  /** Why yours cannot be put together with theirs yet; null: it can. */
  blocked: string | null;
  onMerge(merged: Content): void;
}

export function MergeView({ base, mine, theirs, blocked, onMerge }: MergeViewProps) {
  const merging = useMemo(() => mergeContents(base, mine, theirs), [base, mine, theirs]);
  const [choices, setChoices] = useState<Choices>(new Map());
  const choose = (id: string, taken: Taken) => setChoices((last) => new Map(last).set(id, taken));
  const left = merging.open.filter((id) => !choices.has(id)).length;
  return (
    <section className="merge stack" aria-label="Both together">
      <h3>Both together</h3>
      {merging.texts.map((text) => (
        <div key={text.id}>
          {merging.texts.length > 1 && <p className="message-role">{text.title}</p>}
          <Pieces text={text} choices={choices} onChoose={choose} />
        </div>
      ))}
      {merging.values.map(({ id, title, mine: my, theirs: their }) => (
        <Choose
          key={id}
          title={title}
          sides={{ theirs: their, mine: my }}
          taken={choices.get(id)}
          onChoose={(taken) => choose(id, taken)}
        />
      ))}
      <div className="buttons">
        <button
          type="button"
          className="primary"
          disabled={left > 0 || blocked !== null}
          onClick={() => onMerge(merging.build(choices))}
        >
          Go on with both together
        </button>
        <span className="hint" role="status">
          {left > 0 &&
            (left === 1
              ? "Both of you changed one place: choose above."
              : `Both of you changed ${left} places: choose above.`)}
          {left === 0 && blocked}
          {merging.open.length === 0 &&
            blocked === null &&
            "You changed different places, so nothing has to be chosen."}
        </span>
      </div>
    </section>
  );
}

interface PiecesProps {
  text: MergedText;
  choices: Choices;
  onChoose(id: string, taken: Taken): void;
}

function Pieces({ text, choices, onChoose }: PiecesProps) {
  return text.pieces.map((piece, index) => {
    const id = text.placeIds[index] ?? "";
    return piece.by === "both" ? (
      <Choose
        key={id}
        title={`Both changed this: ${beginning(piece.base)}`}
        sides={{ theirs: piece.theirs, mine: piece.mine, both: "" }}
        taken={choices.get(id)}
        onChoose={(taken) => onChoose(id, taken)}
      />
    ) : (
      <Piece key={id} piece={piece} />
    );
  });
}

function beginning(text: string): string {
  const line = text.trim().split("\n")[0] ?? "";
  return line === "" ? "an empty place" : `“${line.slice(0, 60)}${line.length > 60 ? " …" : ""}”`;
}

/** Lines around what was changed that are shown of what was not. */
const AROUND = 2;

function Piece({ piece }: { piece: Exclude<MergePiece, { by: "both" }> }) {
  const lines = piece.text.replace(/\n$/, "").split("\n");
  if (piece.by === null) {
    if (piece.text === "") return null;
    const isLong = lines.length > 2 * AROUND + 2;
    const shown = isLong
      ? [...lines.slice(0, AROUND), `… ${lines.length - 2 * AROUND} lines as they were …`, ...lines.slice(-AROUND)]
      : lines;
    return (
      <pre className="merged" dir="auto">
        {shown.join("\n")}
      </pre>
    );
  }
  return (
    <div className="merged-piece" data-by={piece.by}>
      <p className="hint">{piece.by === "mine" ? "yours" : "theirs"}</p>
      <pre className="merged" dir="auto">
        {piece.text === "" ? "(taken out)" : lines.join("\n")}
      </pre>
    </div>
  );
}

interface ChooseProps {
  title: string;
  sides: Partial<Record<Taken, string>>;
  taken: Taken | undefined;
  onChoose(taken: Taken): void;
}

const NAMES = { theirs: "Theirs", mine: "Yours", both: "Both, theirs first" } as const;

function Choose({ title, sides, taken, onChoose }: ChooseProps) {
  return (
    <fieldset className="merge-choice">
      <legend>{title}</legend>
      {(["theirs", "mine", "both"] as const).map((side) => {
        const text = sides[side];
        if (text === undefined) return null;
        return (
          <label key={side} data-taken={taken === side}>
            <input type="radio" checked={taken === side} onChange={() => onChoose(side)} /> {NAMES[side]}
            {side !== "both" && (
              <pre className="merged" dir="auto">
                {text === "" ? "(taken out)" : text.replace(/\n$/, "")}
              </pre>
            )}
          </label>
        );
      })}
    </fieldset>
  );
}
