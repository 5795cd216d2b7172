/** Who did what: narrowed by the address, page after page, and taken along whole. */

import { useReadsRefused } from "../connection.ts";
import { go } from "../navigation.tsx";
import type { RoomProps } from "../shell/page.tsx";
import { useTitle } from "../shell/page.tsx";
import { AuditEntries } from "./audit-entries.tsx";
import { AuditFilters } from "./audit-filters.tsx";
import { type AuditQuery, exportAddress, filterOf, parseAuditQuery, printAuditQuery } from "./audit-query.ts";
import { forAdmins, NotYours } from "./not-yours.tsx";

export default function AuditPage(props: RoomProps) {
  const { identity, access } = props;
  if (!identity.operator && !access?.mayAdmin) {
    const needs = `${forAdmins(access?.project ?? null)} Operators read it for the whole library.`;
    return <NotYours title="Audit log" needs={needs} />;
  }
  return <Audit {...props} />;
}

function Audit({ identity, access, query }: RoomProps) {
  useTitle("Audit log");
  const away = useReadsRefused();
  // An operator need not be in a project to look at the library; who is none looks at the project alone.
  const project = access?.project ?? null;
  const asked = { ...parseAuditQuery(query), ...(identity.operator ? {} : { isOfProject: true }) };
  const filter = filterOf(asked, project);
  const change = (part: Partial<AuditQuery>) => {
    const page = { at: "room", room: "audit", query: printAuditQuery({ ...asked, ...part }) } as const;
    go({ project: access?.named ?? null, page });
  };
  return (
    <>
      <div className="page-head">
        <div>
          <h1 tabIndex={-1}>Audit log</h1>
          <p className="hint">
            {asked.isOfProject ? (
              <>
                Everything that was done in the project <bdi>{project}</bdi>.
              </>
            ) : (
              "Everything that was done in the library."
            )}{" "}
            Nobody changes what is written here.
          </p>
        </div>
        {away === null ? (
          <a className="button" href={exportAddress(filter)} download={fileName()}>
            Export what matches
          </a>
        ) : (
          <button type="button" disabled>
            Export what matches
          </button>
        )}
      </div>
      {away !== null && <p className="hint">{away}</p>}
      <AuditFilters query={asked} project={identity.operator ? project : null} onChange={change} />
      <AuditEntries key={JSON.stringify(filter)} filter={filter} onChange={change} />
    </>
  );
}

/** A line of JSON for each entry, the oldest first. */
function fileName(): string {
  return `audit-${new Date().toISOString().slice(0, 10)}.ndjson`;
}
