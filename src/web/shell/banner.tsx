import { useConnection } from "../connection.ts";
import { refusalAtTheDoor } from "../connection-state.ts";

/** Calm: it says what still works, and goes away by itself. `isAtDoor`: nobody is signed in yet. */
export function Banner({ isAtDoor = false }: { isAtDoor?: boolean }) {
  const connection = useConnection();
  const refusal = isAtDoor ? refusalAtTheDoor(connection) : null;
  const headline = connection.state === "reading" ? "Read-only for the moment." : "Away for the moment.";
  return (
    <div role="status" className="banner-place">
      {connection.state !== "well" && (
        <p className="banner" data-state={connection.state}>
          <strong>{refusal?.headline ?? headline}</strong> {refusal?.message ?? connection.message} This page goes on by
          itself as soon as it can.
        </p>
      )}
    </div>
  );
}
