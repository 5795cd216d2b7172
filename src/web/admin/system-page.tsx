/** How the server and each part of it is, looked at again and again. */
import type { SystemHealth } from "../../sdk/index.ts";
import { Failure } from "../shell/failure.tsx";
import { type RoomProps, useTitle } from "../shell/page.tsx";
import { When } from "../shell/when.tsx";
import { useLiveHealth } from "./live-health.ts";
import { partNamed, STATUS } from "./system-parts.ts";

export default function SystemPage(_props: RoomProps) {
  useTitle("System");
  const { value: seen, at, error } = useLiveHealth();
  return (
    <>
      <div className="page-head">
        <div>
          <h1 tabIndex={-1}>System</h1>
          <p className="hint">How each part of the library is, looked at every two seconds.</p>
        </div>
      </div>
      {/* Only what changes the picture is announced, not each figure. */}
      <p role="status" className="headline" data-status={error ? "away" : seen?.health.status}>
        {error ? "The server does not answer." : seen ? STATUS[seen.health.status] : "Looking …"}
      </p>
      {error && at !== null && (
        <p className="note">
          As it was known <When at={new Date(at).toISOString()} />. This page goes on by itself.
        </p>
      )}
      {error && !seen && <Failure error={error} what="How the library is cannot be said." />}
      {seen && <Seen health={seen.health} roundTripMs={error ? null : seen.roundTripMs} />}
    </>
  );
}

function Seen({
  health: { parts, version, message, status },
  roundTripMs,
}: {
  health: SystemHealth;
  roundTripMs: number | null;
}) {
  return (
    <>
      {status !== "healthy" && <p>{message}</p>}
      <ul className="things parts" aria-label="Parts">
        {Object.entries(parts).map(([key, { state, latencyMs, note }]) => {
          const { name, about } = partNamed(key);
          return (
            <li key={key} aria-label={name}>
              <span className="thing-name">
                {name}
                <small>{about}</small>
              </span>
              <span className="thing-about">{note}</span>
              <span className="part-latency">{latencyMs === null ? "" : `${milliseconds(latencyMs)}`}</span>
              <span className="chip state" data-state={state}>
                {state}
              </span>
            </li>
          );
        })}
      </ul>
      <p className="hint">
        Version {version}
        {roundTripMs !== null && `; answered to this browser in ${milliseconds(roundTripMs)}`}.
      </p>
    </>
  );
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
