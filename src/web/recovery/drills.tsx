/** Drills over time: how long a recovery took, phase by phase, drawn and as a table. */
import { useId } from "react";
import type { DrillReport } from "../../sdk/index.ts";
import { When } from "../shell/when.tsx";
import { chartOf, RECOVERY_PHASES } from "./drill-chart.ts";
import { phaseWords } from "./job-words.ts";
import type { Ordering } from "./jobs.ts";
import { Card, LevelMark, Moment } from "./parts.tsx";
import { useWidth } from "./width.ts";
import { counted, lasting } from "./words.ts";

export function Drills({ drills, ordering }: { drills: readonly DrillReport[]; ordering: Ordering }) {
  const id = useId();
  const [newest] = drills;
  if (!newest) {
    return (
      <Card title="Drills" id={id}>
        <p>
          Nobody has tried a recovery here yet. A drill restores the newest backup beside the living database, touches
          nothing of it, and tells how long it took.
        </p>
        <div className="buttons">
          <button type="button" disabled={ordering.refused !== null} onClick={() => ordering.order("drill")}>
            Try the first recovery
          </button>
          {ordering.refused !== null && <p className="hint">{ordering.refused}</p>}
        </div>
      </Card>
    );
  }
  return (
    <Card title={`Drills (${drills.length})`} id={id}>
      <Newest report={newest} />
      <figure className="chart">
        <figcaption>Time to recover, by phase</figcaption>
        <Drawing drills={drills} />
        <ul className="legend">
          {RECOVERY_PHASES.map((phase) => (
            <li key={phase} data-kind={phase.replace(" ", "-")}>
              {phaseWords(phase).toLowerCase()}
            </li>
          ))}
        </ul>
      </figure>
      <details>
        <summary>As a table</summary>
        <Table drills={drills} />
      </details>
    </Card>
  );
}

function Newest({ report }: { report: DrillReport }) {
  const { ok, backup, at, compared, differences, failure, notCompared, point } = report;
  const rows = `${counted(compared.tables, "table")}, ${counted(Number(compared.rows), "row")}`;
  return (
    <div className="outcome" data-level={ok ? "ok" : "critical"}>
      <p>
        <LevelMark level={ok ? "ok" : "critical"}>{ok ? "The same" : "Failed"}</LevelMark> The last one,{" "}
        <When at={at} />:{" "}
        {failure !== null
          ? failure
          : ok
            ? `the backup ${backup} came back as it was attested (${rows}).`
            : `${counted(differences.length, "table or sequence", "tables or sequences")} came back otherwise than attested.`}
      </p>
      {point && (
        <p className="hint">
          Restored to the point of <Moment at={point.at} />.
        </p>
      )}
      {differences.slice(0, 20).map(({ sentence }) => (
        <p className="fault" key={sentence}>
          {sentence}
        </p>
      ))}
      {notCompared.map((what) => (
        <p className="hint" key={what}>
          Not compared: {what}.
        </p>
      ))}
    </div>
  );
}

const HEIGHT = 150;
const TOP = 10;
const LEFT = 44;

function Drawing({ drills }: { drills: readonly DrillReport[] }) {
  const [place, width] = useWidth<HTMLDivElement>();
  const room = { width: Math.max(0, width - LEFT), height: HEIGHT };
  const { bars, lines } = chartOf(drills, room);
  return (
    <div ref={place} className="bars">
      {width > 0 && (
        <svg
          role="img"
          aria-label="Bars: how long each recovery took, by phase; the newest on the right. The same figures are in the table below."
          width={width}
          height={HEIGHT + 2 * TOP}
        >
          <g transform={`translate(${LEFT} ${TOP})`}>
            {lines.map(({ seconds, y }) => (
              <g key={seconds} className="tick">
                <line x1={0} x2={room.width} y1={y} y2={y} />
                <text x={-8} y={y + 4} textAnchor="end">
                  {lasting(seconds)}
                </text>
              </g>
            ))}
            {bars.map(({ report, x, width: barWidth, pieces }) => (
              <g key={report.at}>
                <title>{titleOf(report)}</title>
                {pieces.map(({ phase, ...piece }) => (
                  <rect key={phase} className={`phase-${phase.replace(" ", "-")}`} x={x} width={barWidth} {...piece} />
                ))}
                {!report.ok && <Cross x={x + barWidth / 2} y={HEIGHT - 10} />}
              </g>
            ))}
          </g>
        </svg>
      )}
    </div>
  );
}

function titleOf({ at, ok, timeToRecover }: DrillReport): string {
  const how = timeToRecover === null ? "failed" : lasting(timeToRecover);
  return `${new Date(at).toLocaleString("en-GB")}: ${how}${ok || timeToRecover === null ? "" : ", and differs"}`;
}

function Cross({ x, y }: { x: number; y: number }) {
  return <path className="mark-cross" d={`M ${x - 5} ${y - 5} l 10 10 m 0 -10 l -10 10`} />;
}

function Table({ drills }: { drills: readonly DrillReport[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reached by keyboard
    <section className="wide-table" tabIndex={0} aria-label="Drills as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Result</th>
            <th scope="col">Time to recover</th>
            {RECOVERY_PHASES.map((phase) => (
              <th scope="col" key={phase}>
                {phase}
              </th>
            ))}
            <th scope="col">Backup</th>
          </tr>
        </thead>
        <tbody>
          {drills.map((report) => (
            <tr key={report.at}>
              <th scope="row">
                <Moment at={report.at} />
              </th>
              <td>{report.ok ? "the same" : (report.failure ?? "differs")}</td>
              <td className="number">{report.timeToRecover === null ? "–" : lasting(report.timeToRecover)}</td>
              {RECOVERY_PHASES.map((phase) => {
                const seconds = report.phases.find((one) => one.phase === phase)?.seconds;
                return (
                  <td className="number" key={phase}>
                    {seconds === undefined ? "–" : lasting(seconds)}
                  </td>
                );
              })}
              <td>
                <code>{report.backup ?? "–"}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
