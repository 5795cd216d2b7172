/** When a key ends by itself. */
import { Field } from "../shell/field.tsx";
import type { Expiry } from "./key-state.ts";

const DAYS = [7, 30, 90, 365];

interface ExpiryChoiceProps {
  expiry: Expiry;
  fault: string | undefined;
  onChange(expiry: Expiry): void;
}

export function ExpiryChoice({ expiry, fault, onChange }: ExpiryChoiceProps) {
  const choose = (value: string) => {
    if (value === "never") onChange({ kind: "never" });
    else if (value === "day") onChange({ kind: "day", day: "" });
    else onChange({ kind: "days", days: Number(value) });
  };
  return (
    <div className="pair">
      <label className="field">
        <span>Ends</span>
        <select
          value={expiry.kind === "days" ? String(expiry.days) : expiry.kind}
          onChange={(event) => choose(event.target.value)}
        >
          {DAYS.map((days) => (
            <option key={days} value={days}>
              {days === 365 ? "in a year" : `in ${days} days`}
            </option>
          ))}
          <option value="day">on a day …</option>
          <option value="never">never</option>
        </select>
      </label>
      {expiry.kind === "day" && (
        <Field name="Its last day" fault={fault}>
          {(control) => (
            <input
              {...control}
              type="date"
              value={expiry.day}
              onChange={(event) => onChange({ kind: "day", day: event.target.value })}
            />
          )}
        </Field>
      )}
    </div>
  );
}
