/** A secret that is shown this once: it lives in what is drawn, nowhere else, and is gone with it. */
import type { ReactNode } from "react";
import { Copyable } from "./copyable.tsx";

interface SecretShownProps {
  name: string;
  secret: string;
  /** What it is good for, and what to do with it. */
  children?: ReactNode;
  onClose(): void;
}

export function SecretShown({ name, secret, children, onClose }: SecretShownProps) {
  return (
    <div className="stack">
      <p className="note" role="status">
        Shown this once: when this closes, nobody can show it again.
      </p>
      <Copyable name={name} text={secret} />
      {children}
      <div className="buttons">
        <button type="button" className="primary" onClick={onClose}>
          I have it
        </button>
      </div>
    </div>
  );
}
