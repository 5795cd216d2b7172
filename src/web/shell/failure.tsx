/** An error where it happened: what did not work, why, and what to do. That all is away the banner says already. */
import type { PromptlibError } from "../../sdk/index.ts";
import { useConnection } from "../connection.ts";

interface FailureProps {
  error: PromptlibError;
  /** A sentence. */
  what?: string;
  /** In place of the error's own hint. */
  hint?: string;
}

export function Failure({ error, what, hint = error.hint }: FailureProps) {
  const isBanner = useConnection().state !== "well";
  if (isToldByBanner(error)) {
    return (
      <p className="note" role="status">
        {what} {(what === undefined || !isBanner) && error.message}
      </p>
    );
  }
  return (
    <div className="failure" role="alert">
      <p>
        {what !== undefined && <strong>{what} </strong>}
        {error.message}
      </p>
      {hint !== "" && <p className="hint">{hint}</p>}
    </div>
  );
}

export function isToldByBanner({ code }: PromptlibError): boolean {
  return ["database_unavailable", "server_unreachable", "maintenance"].includes(code);
}
