/** What was done, said in passing, with the way back where there is one. */
import { useEffect, useSyncExternalStore } from "react";

interface Notice {
  id: number;
  text: string;
  action: { name: string; run(): void } | null;
}

const LASTS_MS = 10_000;
let present: Notice | null = null;
let count = 0;
const listeners = new Set<() => void>();

function show(notice: Notice | null): void {
  present = notice;
  for (const listener of listeners) listener();
}

export function say(text: string, action: Notice["action"] = null): void {
  count += 1;
  show({ id: count, text, action });
}

export function Notices() {
  const notice = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => present,
  );
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => show(null), LASTS_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <div className="notices" role="status">
      {notice && (
        <div className="notice" key={notice.id}>
          <span>{notice.text}</span>
          {notice.action && (
            <button
              type="button"
              onClick={() => {
                notice.action?.run();
                show(null);
              }}
            >
              {notice.action.name}
            </button>
          )}
          <button type="button" className="quiet" aria-label="Close this notice" onClick={() => show(null)}>
            ×
          </button>
        </div>
      )}
    </div>
  );
}
