import { useConnection } from "../connection.ts";

/** Calm: it says what still works, and goes away by itself. */
export function Banner() {
  const connection = useConnection();
  return (
    <div role="status" className="banner-place">
      {connection.state !== "well" && (
        <p className="banner" data-state={connection.state}>
          <strong>{connection.state === "reading" ? "Read-only for the moment." : "Away for the moment."}</strong>{" "}
          {connection.message} This page goes on by itself as soon as it can.
        </p>
      )}
    </div>
  );
}
