/**
 * Ctrl-K or Cmd-K opens the palette, from everywhere; a button says so. Its code comes when the browser has nothing else to
 * do, so that the first letters typed into it are not lost, or when it is wanted before.
 */
import { type ComponentType, lazy, Suspense, useEffect, useState } from "react";
import { Dialog } from "../shell/dialog.tsx";
import { ErrorBoundary } from "../shell/error-boundary.tsx";
import type { RoomProps } from "../shell/page.tsx";
import type { PaletteProps } from "./palette.tsx";

/** As soon as its code is there: shown at once, where even what needs no waiting would let letters go by. */
let ready: ComponentType<PaletteProps> | null = null;
let later: ComponentType<PaletteProps> | null = null;
const isMac = /mac|iphone|ipad/i.test(navigator.userAgent);

export function PaletteKey({ identity, access }: Pick<RoomProps, "identity" | "access">) {
  /** null: it is closed. */
  const [Palette, setPalette] = useState<ComponentType<PaletteProps> | null>(null);
  const close = () => setPalette(null);
  useEffect(() => whenIdle(() => void loadPalette().catch(() => {})), []);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      // Another dialog holds the focus: what is in it would be lost below this one.
      if (!document.querySelector("dialog[open]")) setPalette(current);
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
  return (
    <>
      <button
        type="button"
        className="palette-key"
        aria-keyshortcuts={isMac ? "Meta+K" : "Control+K"}
        onClick={() => setPalette(current)}
      >
        <span className="palette-word">Jump to</span>
        <kbd>{isMac ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      {Palette && (
        <ErrorBoundary instead={<NotShown why="it failed." onClose={close} />}>
          <Suspense fallback={null}>
            <Palette identity={identity} access={access} onClose={close} />
          </Suspense>
        </ErrorBoundary>
      )}
    </>
  );
}

/** As React takes a component that is put into a state. */
const current = () => {
  later ??= lazy(() => loadPalette().catch(notLoaded));
  return ready ?? later;
};

/** The next time it is sent for again. */
function notLoaded() {
  later = null;
  return { default: NotLoaded };
}

async function loadPalette() {
  const code = await import("./palette.tsx");
  ready = code.default;
  return code;
}

/** Safari says of no moment that it is idle. Answers what calls it off. */
function whenIdle(work: () => void): () => void {
  if (!("requestIdleCallback" in window)) {
    const timer = setTimeout(work, 2_000);
    return () => clearTimeout(timer);
  }
  const idle = requestIdleCallback(work);
  return () => cancelIdleCallback(idle);
}

/** A newer server no longer has the code of the pages that are open. */
function NotLoaded({ onClose }: { onClose(): void }) {
  return (
    <NotShown
      why="the server does not answer, or it was replaced by another version since these pages were opened."
      onClose={onClose}
    />
  );
}

/** The page below stays as it is. */
function NotShown({ why, onClose }: { why: string; onClose(): void }) {
  return (
    <Dialog title="Go to" onClose={onClose}>
      <div className="stack">
        <p role="status">This cannot be shown: {why} The menu still goes everywhere.</p>
        <div className="buttons">
          <button type="button" onClick={() => location.reload()}>
            Load the page again
          </button>
          <button type="button" onClick={onClose}>
            Leave it
          </button>
        </div>
      </div>
    </Dialog>
  );
}
