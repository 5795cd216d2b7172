/** In the place of a page whose chunk did not come: a newer server no longer has those of the pages that are open. */
import { useEffect, useRef } from "react";
import { lookAgain, useRecoveries } from "../connection.ts";

/** When the server answers again it comes by itself. */
export function NotArrived() {
  const recoveries = useRecoveries();
  const before = useRef(recoveries);
  useEffect(lookAgain, []);
  useEffect(() => {
    if (recoveries !== before.current) location.reload();
  }, [recoveries]);
  return (
    <section className="empty" role="alert">
      <h1 tabIndex={-1}>This page could not be loaded</h1>
      <p>The server does not answer, or it was replaced by another version since these pages were opened.</p>
      <button type="button" onClick={() => location.reload()}>
        Load it again
      </button>
    </section>
  );
}
