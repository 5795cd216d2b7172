/** Maintenance: what is refused for a while, with a message for users and a planned end. For operators. */
import type { Maintenance } from "../../sdk/index.ts";
import { clientOf } from "../calls.ts";
import { lookAgain } from "../connection.ts";
import { useDeed } from "../deed.ts";
import { useLookedAgain } from "../looked-again.ts";
import { minute } from "../shell/dates.ts";
import { Failure } from "../shell/failure.tsx";
import { say } from "../shell/notices.tsx";
import { type RoomProps, useTitle } from "../shell/page.tsx";
import { When } from "../shell/when.tsx";
import { NotCurrent, useKnown } from "./known.tsx";
import { MaintenanceForm } from "./maintenance-form.tsx";
import { FOR_OPERATORS, NotYours } from "./not-yours.tsx";

/** While it lasts others cannot work: looked at more often than the rest. */
const LOOK_MS = 5_000;

export default function MaintenancePage({ identity }: RoomProps) {
  if (!identity.operator) return <NotYours title="Maintenance" needs={FOR_OPERATORS} />;
  return <MaintenanceNow />;
}

function MaintenanceNow() {
  useTitle("Maintenance");
  const known = useKnown("maintenance", () => clientOf(null).readMaintenance());
  const { put } = known;
  useLookedAgain(known, LOOK_MS);
  const now = known.value?.value ?? null;
  return (
    <>
      <div className="page-head">
        <div>
          <h1 tabIndex={-1}>Maintenance</h1>
          <p className="hint">
            While something is being done to the library, it refuses what would get in the way, and tells everybody why.
          </p>
        </div>
      </div>
      <NotCurrent known={known} what="The mode and message" />
      {now && <Present maintenance={now} onEnd={(value) => put({ at: new Date().toISOString(), value })} />}
      {now && <MaintenanceForm now={now} onSet={(value) => put({ at: new Date().toISOString(), value })} />}
    </>
  );
}

function Present({ maintenance, onEnd }: { maintenance: Maintenance; onEnd(now: Maintenance): void }) {
  const { mode, message, since, endsAt } = maintenance;
  const deed = useDeed();
  const end = () =>
    deed.attempt(async () => {
      onEnd(await clientOf(null).setMaintenance({ mode: "off" }));
      say("Maintenance has ended.");
      lookAgain();
    });
  return (
    <section className="card stack now" data-mode={mode} aria-label="What is true now">
      <p role="status">
        <strong>{SAID[mode].title}</strong> {SAID[mode].about}
      </p>
      {message !== "" && (
        <p>
          Users are told: “<bdi>{message}</bdi>”
        </p>
      )}
      <p className="hint">
        {since === null ? (
          "There was never any maintenance."
        ) : mode === "off" ? (
          <>
            Ended <When at={since} />.
          </>
        ) : (
          <>
            Since <When at={since} />.
          </>
        )}
        {endsAt !== null && (
          <>
            {" "}
            Planned to end <When at={endsAt} isPlanned /> ({minute.format(new Date(endsAt))}); it ends when an operator
            ends it.
          </>
        )}
      </p>
      {deed.error && <Failure error={deed.error} what="It has not ended." />}
      {mode !== "off" && (
        <div className="buttons">
          <button type="button" className="primary" disabled={deed.busy} onClick={end}>
            End the maintenance
          </button>
        </div>
      )}
    </section>
  );
}

const SAID: Readonly<Record<Maintenance["mode"], { title: string; about: string }>> = {
  off: { title: "No maintenance.", about: "Everybody reads and writes as their roles say." },
  "read-only": { title: "Read-only.", about: "Everybody reads; writing is refused, for operators, too." },
  closed: { title: "Closed.", about: "Reading and writing are refused; only operators sign in." },
};
