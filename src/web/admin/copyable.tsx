/** Text to take along: shown whole, selected at a click, copied by a button. It is kept nowhere but here. */
import { useId, useRef } from "react";
import { Copy } from "../shell/copy.tsx";

interface CopyableProps {
  name: string;
  text: string;
}

export function Copyable({ name, text }: CopyableProps) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  return (
    <div className="copyable">
      <label htmlFor={id}>{name}</label>
      <textarea
        ref={field}
        id={id}
        className="code"
        readOnly
        rows={1}
        value={text}
        spellCheck={false}
        autoComplete="off"
        onFocus={(event) => event.currentTarget.select()}
      />
      <Copy text={text} shown={field} name={name} />
    </div>
  );
}
