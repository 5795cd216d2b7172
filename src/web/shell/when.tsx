import { useEffect, useState } from "react";
import { elapsed } from "./elapsed.ts";

const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

/** A moment, as people say it; the exact one on hovering. `isPlanned`: it may be yet to come. */
export function When({ at, isPlanned = false }: { at: string; isPlanned?: boolean }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 60_000);
    return () => clearInterval(timer);
  }, []);
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={exact.format(time)}>
      {elapsed(time, now, isPlanned)}
    </time>
  );
}
