/** Before something that cannot be undone: what will happen, in words, and the two ways out. */
import { type ReactNode, useEffect, useRef } from "react";
import { useWritesRefused } from "../connection.ts";
import type { Deed } from "../deed.ts";
import { Dialog } from "../shell/dialog.tsx";
import { Failure } from "../shell/failure.tsx";

interface ConfirmProps {
  title: string;
  /** What happens. */
  children: ReactNode;
  /** What doing it is called. */
  verb: string;
  deed: Deed;
  /** false: what is done needs neither the database nor the end of maintenance. */
  writes?: boolean;
  /** It cannot be left now. */
  isHeld?: boolean;
  onConfirm(): void;
  onClose(): void;
}

export function Confirm(props: ConfirmProps) {
  return (
    <Dialog title={props.title} isHeld={props.isHeld || props.deed.busy} onClose={props.onClose}>
      <ConfirmForm {...props} />
    </Dialog>
  );
}

/** Where a dialog is open already. */
export function ConfirmForm(props: Omit<ConfirmProps, "title">) {
  const { children, verb, deed, writes = true, isHeld = false, onConfirm, onClose } = props;
  const away = useWritesRefused();
  const refused = writes ? away : null;
  const form = useRef<HTMLFormElement>(null);
  // What was pressed to come here may be gone; nothing is pressed by a second Enter.
  useEffect(() => {
    if (document.activeElement === document.body) form.current?.focus();
  }, []);
  return (
    <form
      ref={form}
      tabIndex={-1}
      className="stack confirm"
      onSubmit={(event) => {
        event.preventDefault();
        onConfirm();
      }}
    >
      {children}
      {deed.error && <Failure error={deed.error} what="Not done." />}
      <div className="buttons">
        <button type="submit" className="danger" disabled={deed.busy || refused !== null}>
          {verb}
        </button>
        <button type="button" disabled={isHeld || deed.busy} onClick={onClose}>
          Leave it
        </button>
        {refused !== null && <span className="hint">{refused}</span>}
      </div>
    </form>
  );
}
