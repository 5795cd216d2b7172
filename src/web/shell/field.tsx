/** A field with its name above, and below it what is wrong with what stands in it. */
import { type ReactNode, useId } from "react";

interface FieldProps {
  name: string;
  /** A sentence; left out or undefined: nothing is wrong. */
  fault?: string | undefined;
  hint?: ReactNode;
  /** The control; it takes these. */
  children(control: { id: string; "aria-invalid": boolean; "aria-describedby": string }): ReactNode;
}

export function Field({ name, fault, hint, children }: FieldProps) {
  const id = useId();
  const about = `${id}-about`;
  return (
    <div className="field">
      <label htmlFor={id}>{name}</label>
      {children({ id, "aria-invalid": fault !== undefined, "aria-describedby": about })}
      <div id={about}>
        {fault !== undefined && (
          <p className="fault" role="alert">
            {fault}
          </p>
        )}
        {hint !== undefined && <p className="hint">{hint}</p>}
      </div>
    </div>
  );
}
