/** Small pieces that the parts of this page have in common. */
import type { ReactNode } from "react";
import type { Level } from "../../sdk/index.ts";
import { localMoment, utcMoment, withCommands } from "./words.ts";

const LEVELS: Record<Level, string> = { ok: "Good", warning: "Look at it", critical: "Mend it" };

/** Never by colour alone. */
export function LevelMark({ level, children = LEVELS[level] }: { level: Level; children?: ReactNode }) {
  return (
    <span className="level" data-level={level}>
      {children}
    </span>
  );
}

/** A moment by the clock of who looks, with UTC beside it: logs and commands speak that. */
export function Moment({ at }: { at: string | number }) {
  const time = typeof at === "number" ? at : Date.parse(at);
  const utc = utcMoment(time);
  return (
    <time dateTime={new Date(time).toISOString()} className="moment">
      {localMoment(time)}
      {utc !== null && <small> ({utc})</small>}
    </time>
  );
}

export function WithCommands({ text }: { text: string }) {
  return withCommands(text).map(({ text: piece, isCode }, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text never change places
    isCode ? <code key={index}>{piece}</code> : <span key={index}>{piece}</span>,
  );
}

export function Card({ title, id, children }: { title: string; id: string; children: ReactNode }) {
  return (
    <section className="card stack" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}
