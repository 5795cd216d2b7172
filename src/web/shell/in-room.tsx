/** A room whose chunk may still be on its way, or may not come. */
import { Component, type ReactNode, Suspense, useEffect, useRef } from "react";
import type { RoomName } from "../address.ts";
import { lookAgain, useRecoveries } from "../connection.ts";
import { ROOMS } from "../rooms.tsx";
import type { RoomProps } from "./page.tsx";

export function InRoom({ room, ...props }: RoomProps & { room: RoomName }) {
  const { Page } = ROOMS[room];
  return (
    <Arrival>
      <Suspense fallback={<p role="status">Loading …</p>}>
        <Page {...props} />
      </Suspense>
    </Arrival>
  );
}

/** A newer server no longer has the chunks of the pages that are open: only loading anew helps. */
class Arrival extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? <NotArrived /> : this.props.children;
  }
}

/** When the server answers again it comes by itself. */
function NotArrived() {
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
