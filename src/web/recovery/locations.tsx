/** The places that hold backups: with what each is lost, how far behind it is, how much room there is. */
import { useId } from "react";
import { size } from "../../contract/size.ts";
import type { LocationInfo, Readiness, RecoveryInfo } from "../../sdk/index.ts";
import { Card, LevelMark } from "./parts.tsx";
import { LOST_WITH, lasting } from "./words.ts";

type Live = Readiness["locations"][number];

export function Locations({ info, readiness }: { info: RecoveryInfo; readiness: Readiness | null }) {
  const id = useId();
  const isAlone = info.locations.every(({ domain }) => domain !== "elsewhere");
  return (
    <Card title="Locations" id={id}>
      {isAlone && (
        <p className="note">
          Nothing is stored outside this machine. Name a folder that is mounted from elsewhere in{" "}
          <code>BACKUP_LOCATIONS</code>, such as <code>file:///mnt/other-machine?domain=elsewhere</code>, and start
          anew.
        </p>
      )}
      <ul className="locations">
        {info.locations.map((location) => (
          <OneLocation
            key={location.name}
            location={location}
            live={readiness?.locations.find(({ name }) => name === location.name) ?? null}
          />
        ))}
      </ul>
    </Card>
  );
}

function OneLocation({ location, live }: { location: LocationInfo; live: Live | null }) {
  const { name, url, domain, required, reachable, free, backups, wal } = location;
  const problem = live?.problem ?? location.problem;
  return (
    <li>
      <div className="card-head">
        <h3>{name}</h3>
        <LevelMark level={problem === null && reachable ? "ok" : "critical"}>
          {problem === null && reachable ? "Takes what it is given" : reachable ? "Has a problem" : "Away"}
        </LevelMark>
      </div>
      <p className="hint">
        <code>{url}</code>
      </p>
      {problem !== null && <p className="fault">{problem}</p>}
      <dl className="told-of">
        <div>
          <dt>Lost with</dt>
          <dd>{LOST_WITH[domain]}</dd>
        </div>
        <div>
          <dt>Behind</dt>
          <dd>{behind(live)}</dd>
        </div>
        <div>
          <dt>Holds</dt>
          <dd>{reachable ? `${size(backups.bytes)} of backups, ${size(wal.bytes)} of WAL` : "not known"}</dd>
        </div>
        <div>
          <dt>Free</dt>
          <dd>{free === null ? "not known" : size(free)}</dd>
        </div>
        {required && (
          <div>
            <dt>Required</dt>
            <dd>PostgreSQL keeps what it does not have</dd>
          </div>
        )}
      </dl>
    </li>
  );
}

function behind(live: Live | null): string {
  if (!live || live.riskSeconds === null) return "not known";
  const bytes = live.lagBytes === null || live.lagBytes === 0 ? "" : `, ${size(live.lagBytes)} of WAL`;
  return live.riskSeconds === 0 && bytes === "" ? "nothing" : `${lasting(live.riskSeconds)}${bytes}`;
}
