/** Sessions: since when, from where, with which browser. */
import type { Session } from "../../sdk/index.ts";
import { When } from "../shell/when.tsx";

interface SessionListProps {
  sessions: readonly Session[];
  refused: string | null;
  onEnd(session: Session): void;
}

export function SessionList({ sessions, refused, onEnd }: SessionListProps) {
  return (
    <ul className="things" aria-label="Sessions">
      {sessions.map((session) => (
        <li key={session.id}>
          <span className="thing-name">
            <bdi>{nameOf(session)}</bdi>
            {session.current && <span className="chip label">this one</span>}
          </span>
          <span className="thing-about">
            {session.address !== null && (
              <>
                from <bdi>{session.address}</bdi>,{" "}
              </>
            )}
            signed in <When at={session.createdAt} />
          </span>
          {!session.current && (
            <span className="thing-deeds">
              <button
                type="button"
                disabled={refused !== null}
                aria-label={`End the session of ${nameOf(session)}`}
                onClick={() => onEnd(session)}
              >
                End
              </button>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

export function nameOf({ browser, userAgent }: Session): string {
  return browser ?? userAgent ?? "a program that did not say its name";
}
