/** Ctrl-K or Cmd-K opens the palette, from everywhere; a button says so. Its code comes when it is first wanted. */
import { lazy, Suspense, useEffect, useState } from "react";
import { Dialog } from "../shell/dialog.tsx";
import { ErrorBoundary } from "../shell/error-boundary.tsx";
import type { RoomProps } from "../shell/page.tsx";

const Palette = lazy(() => import("./palette.tsx").catch(() => ({ default: NotLoaded })));
const isMac = /mac|iphone|ipad/i.test(navigator.userAgent);

export function PaletteKey({ identity, access }: Pick<RoomProps, "identity" | "access">) {
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      // Another dialog holds the focus: what is in it would be lost below this one.
      if (!document.querySelector("dialog[open]")) setOpen(true);
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
        onClick={() => setOpen(true)}
      >
        <span className="palette-word">Jump to</span>
        <kbd>{isMac ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      {isOpen && (
        <ErrorBoundary instead={<NotShown why="it failed." onClose={close} />}>
          <Suspense fallback={null}>
            <Palette identity={identity} access={access} onClose={close} />
          </Suspense>
        </ErrorBoundary>
      )}
    </>
  );
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
