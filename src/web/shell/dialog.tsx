/** The browser’s own dialog: it keeps the focus inside, gives it back, and closes with Escape. */
import { type ReactNode, useEffect, useId, useRef, useSyncExternalStore } from "react";

interface DialogProps {
  title: string;
  children: ReactNode;
  /** What is being done is answered with something that is shown this once: until then nothing closes it. */
  isHeld?: boolean;
  onClose(): void;
}

let open = 0;
const listeners = new Set<() => void>();

function count(change: 1 | -1): void {
  open += change;
  for (const listener of listeners) listener();
}

/** Somebody may be writing in one. */
export function useIsDialogOpen(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => open > 0,
  );
}

/** At the foot of a form in a dialog: to do it, or to leave it. `children`: what doing it is called. */
export function DialogButtons({
  disabled,
  children,
  isHeld = false,
  onClose,
}: Omit<DialogProps, "title"> & { disabled: boolean }) {
  return (
    <div className="buttons">
      <button type="submit" className="primary" disabled={disabled}>
        {children}
      </button>
      <button type="button" disabled={isHeld} onClick={onClose}>
        Leave it
      </button>
    </div>
  );
}

/** Where one begins; where there is none, at the head, and not at what cannot be taken back. */
const FIELD = "input:not(:disabled), select:not(:disabled), textarea";

function show(element: HTMLDialogElement): void {
  element.showModal();
  element.querySelector<HTMLElement>(FIELD)?.focus();
}

/** What a menu holds takes no focus any more once it has closed behind the dialog. */
function reachableOf(before: HTMLElement): HTMLElement {
  return before.closest("details:not([open])")?.querySelector("summary") ?? before;
}

export function Dialog({ title, children, isHeld = false, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    if (element) show(element);
    return () => {
      element?.close();
      if (before instanceof HTMLElement) reachableOf(before).focus();
    };
  }, []);
  useEffect(() => {
    count(1);
    return () => count(-1);
  }, []);
  // What had the focus may be gone with a step that was taken.
  useEffect(() => {
    const element = dialog.current;
    if (!element?.contains(document.activeElement)) (element?.querySelector<HTMLElement>(FIELD) ?? element)?.focus();
  });
  const leave = () => {
    if (!isHeld) onClose();
  };
  return (
    <dialog
      ref={dialog}
      tabIndex={-1}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        leave();
      }}
      // A second Escape closes it whatever `cancel` says; but who shows it decides whether it closes.
      onClose={({ currentTarget: element }) => {
        if (element.open || !element.isConnected) return;
        show(element);
        leave();
      }}
    >
      <div className="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" className="quiet" aria-label="Close" disabled={isHeld} onClick={onClose}>
          ×
        </button>
      </div>
      {children}
    </dialog>
  );
}
