/** What was restored in earnest: reached, lost, how long nobody was answered. */
import { useId } from "react";
import { size } from "../../contract/size.ts";
import type { RestoreReport } from "../../sdk/index.ts";
import { When } from "../shell/when.tsx";
import { Card, Moment } from "./parts.tsx";
import { lasting } from "./words.ts";

export function Restores({ restores }: { restores: readonly RestoreReport[] }) {
  const id = useId();
  if (restores.length === 0) return null;
  return (
    <Card title={`Restores (${restores.length})`} id={id}>
      <ul className="backups">
        {restores.map((report) => (
          <li key={report.at}>
            <h3>
              <Moment at={report.at} />
            </h3>
            <p className="hint">
              <When at={report.at} /> · {report.target}, from the backup <code>{report.backup}</code>
            </p>
            <dl className="told-of">
              <div>
                <dt>Lost</dt>
                <dd>{lostWords(report.lost)}</dd>
              </div>
              <div>
                <dt>Not answered for</dt>
                <dd>{lasting(report.downtime)}</dd>
              </div>
              <div>
                <dt>Took</dt>
                <dd>{lasting(report.seconds)}</dd>
              </div>
              <div>
                <dt>Last commit in it</dt>
                <dd>
                  {report.reached.lastCommit === null ? (
                    "none behind the backup"
                  ) : (
                    <Moment at={report.reached.lastCommit} />
                  )}
                </dd>
              </div>
              {report.oldState !== null && (
                <div>
                  <dt>The old state</dt>
                  <dd>
                    <code>{report.oldState}</code>
                  </dd>
                </div>
              )}
            </dl>
            {report.warnings.map((warning) => (
              <p className="warnings" key={warning}>
                {warning}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function lostWords(lost: RestoreReport["lost"]): string {
  if (lost === null) return "what was asked to be left out, or not known";
  if (lost.bytes === 0) return "nothing that PostgreSQL was seen to write";
  return `${size(lost.bytes)} of WAL${lost.seconds === null ? "" : `, at most ${lasting(lost.seconds)} of writing`}`;
}
