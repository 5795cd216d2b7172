/** The colours behind a template that is being written: tags by what they mean, and those that do not parse. */
import { memo, type ReactNode, useMemo } from "react";
import { scanTags, type Tag } from "../../prompt/template-tags.ts";

const KINDS: Readonly<Record<Tag["sigil"], string>> = {
  "": "variable",
  "&": "variable",
  "#": "section",
  "^": "section",
  "/": "section",
  ">": "include",
  "!": "comment",
};

/** Beyond, colours are no help, and each costs. */
const MOST = 2_000;

export const LitText = memo(function LitText({ text }: { text: string }) {
  const pieces = useMemo(() => piecesOf(text), [text]);
  // What ends in a line break would be a line too short.
  return (
    <>
      {pieces}
      {"\n"}
    </>
  );
});

function piecesOf(text: string): ReactNode[] {
  const { tags, faults } = scanTags(text);
  const marks = [
    ...tags.slice(0, MOST).map(({ start, end, sigil }) => ({ start, end, kind: KINDS[sigil] })),
    ...faults.map(({ offset }) => ({ start: offset, end: offset + 2, kind: "faulty" })),
  ].sort((a, b) => a.start - b.start);
  const pieces: ReactNode[] = [];
  let at = 0;
  for (const { start, end, kind } of marks) {
    if (start < at) continue;
    pieces.push(text.slice(at, start));
    pieces.push(
      <mark key={start} className={`lit-${kind}`}>
        {text.slice(start, end)}
      </mark>,
    );
    at = end;
  }
  pieces.push(text.slice(at));
  return pieces;
}
