/** In the place of a page whose chunk did not come: a newer server no longer has those of the pages that are open. */
import { useEffect, useRef } from "react";
import { PromptlibError } from "../../sdk/index.ts";
import { noteTrouble, useRecoveries } from "../connection.ts";

/** As long as this after a reload there is no other by itself: what never comes would be loaded for ever. */
const RELOADED_MS = 30_000;

/** When the server answers again it comes by itself, also when that is before anybody saw that it did not. */
export function NotArrived() {
  const recoveries = useRecoveries();
  const before = useRef(recoveries);
  useEffect(() => noteTrouble(new PromptlibError("server_unreachable")), []);
  useEffect(() => {
    if (recoveries !== before.current && !isJustReloaded()) location.reload();
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

function isJustReloaded(): boolean {
  const isReload = performance
    .getEntriesByType("navigation")
    .some((entry) => "type" in entry && entry.type === "reload");
  return isReload && performance.now() < RELOADED_MS;
}
