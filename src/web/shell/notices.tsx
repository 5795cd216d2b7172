/** What was done, said in passing, with the way back where there is one; and what others did, until one has seen it. */
import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";

export interface Action {
  name: string;
  run(): void;
}

interface Notice {
  id: number;
  text: string;
  action: Action | null;
}

interface News {
  /** One after the other, as they came. */
  lines: readonly string[];
  action: Action | null;
}

const LASTS_MS = 10_000;
let present: Notice | null = null;
let news: News | null = null;
let count = 0;
const listeners = new Set<() => void>();

function changed(): void {
  for (const listener of listeners) listener();
}

function show(notice: Notice | null): void {
  present = notice;
  changed();
}

export function say(text: string, action: Action | null = null): void {
  count += 1;
  show({ id: count, text, action });
}

/** So much is kept in view; the rest is on the page. */
const LINES = 3;

/** Stays until it is closed or forgotten; what is told meanwhile comes behind it; null: what one may do about it is as before. */
export function tell(lines: readonly string[], action: Action | null): void {
  if (lines.length === 0) return;
  news = {
    lines: [...new Set([...(news?.lines ?? []), ...lines])].slice(-LINES),
    action: action ?? news?.action ?? null,
  };
  changed();
}

/** That is what one may do about what is told, and nobody closed it yet. */
export function isOffering(action: Action | undefined): boolean {
  return action !== undefined && news?.action === action;
}

export function forgetNews(): void {
  if (!news) return;
  news = null;
  changed();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Notices() {
  const notice = useSyncExternalStore(subscribe, () => present);
  const told = useSyncExternalStore(subscribe, () => news);
  return (
    <div className="notices" role="status">
      {told && (
        <Shown action={told.action} onClose={forgetNews}>
          {told.lines.map((line) => (
            <span key={line} className="news">
              {line}
            </span>
          ))}
        </Shown>
      )}
      {notice && <Passing key={notice.id} notice={notice} />}
    </div>
  );
}

/** Goes by itself, but not from under who is at it: with the focus, or with the mouse. */
function Passing({ notice: { text, action } }: { notice: Notice }) {
  const [hasFocus, setFocus] = useState(false);
  const [isUnderMouse, setUnderMouse] = useState(false);
  const isHeld = hasFocus || isUnderMouse;
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(() => show(null), LASTS_MS);
    return () => clearTimeout(timer);
  }, [isHeld]);
  return (
    <Shown action={action} onClose={() => show(null)} onFocused={setFocus} onPointed={setUnderMouse}>
      {text}
    </Shown>
  );
}

interface ShownProps {
  action: Action | null;
  onClose(): void;
  onFocused?(has: boolean): void;
  onPointed?(is: boolean): void;
  children: ReactNode;
}

function Shown({ action, onClose, onFocused, onPointed, children }: ShownProps) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: nothing is done with it, it only knows whether somebody is there
    <div
      className="notice"
      onFocus={() => onFocused?.(true)}
      onBlur={() => onFocused?.(false)}
      onPointerEnter={() => onPointed?.(true)}
      onPointerLeave={() => onPointed?.(false)}
    >
      <span>{children}</span>
      {action && (
        <button
          type="button"
          onClick={() => {
            // First, or what the deed says at once would be closed.
            onClose();
            action.run();
          }}
        >
          {action.name}
        </button>
      )}
      <button type="button" className="quiet" aria-label="Close this notice" onClick={onClose}>
        ×
      </button>
    </div>
  );
}
