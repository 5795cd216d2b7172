/** The last 30 days: which moments one can return to, the backups, and when a recovery was tried. */
import { useId, useState } from "react";
import type { DrillReport, Readiness, RecoveryInfo } from "../../sdk/index.ts";
import type { Polled } from "../polled.ts";
import { Card, Moment } from "./parts.tsx";
import {
  barOf,
  type Mark,
  marksOf,
  reachedUntil,
  SPANS,
  type SpanDays,
  type Stretch,
  scaleOf,
  spanFor,
  stretchesOf,
  ticksOf,
} from "./time-line-scale.ts";
import { useWidth } from "./width.ts";
import { lasting } from "./words.ts";

interface TimeLineProps {
  info: RecoveryInfo;
  readiness: Polled<Readiness>;
  drills: readonly DrillReport[];
  now: number;
}

export function TimeLine({ info, readiness, drills, now }: TimeLineProps) {
  const id = useId();
  const stretches = stretchesOf(info.window, reachedUntil(readiness));
  const [chosen, setChosen] = useState<SpanDays | null>(null);
  const days = chosen ?? spanFor(stretches, now);
  return (
    <Card title="Where you can return to" id={id}>
      <Window stretches={stretches} gaps={info.window.gaps} now={now} />
      <fieldset className="choices spans">
        <legend className="unseen">How far back the time line goes</legend>
        {SPANS.map((span) => (
          <label key={span.days} className="span-choice">
            <input type="radio" name={id} checked={days === span.days} onChange={() => setChosen(span.days)} />
            {span.name}
          </label>
        ))}
      </fieldset>
      <Drawing stretches={stretches} days={days} info={info} drills={drills} now={now} />
      <ul className="legend">
        <li data-kind="window">can be returned to</li>
        <li data-kind="compared">backup, restored and compared</li>
        <li data-kind="whole">backup</li>
        <li data-kind="drill">drill</li>
        <li data-kind="failed">failed drill, damaged backup</li>
      </ul>
    </Card>
  );
}

function Window({ stretches, gaps, now }: { stretches: Stretch[]; gaps: RecoveryInfo["window"]["gaps"]; now: number }) {
  const [first, last] = [stretches[0], stretches.at(-1)];
  if (!first || !last) return <p>Nothing can be returned to yet: the first backup makes a beginning.</p>;
  const behind = (now - last.to) / 1000;
  return (
    <>
      <p>
        Any moment from <Moment at={first.from} /> until {behind < 60 ? <strong>now</strong> : <Moment at={last.to} />}
        {behind >= 60 && `, ${lasting(behind)} ago`}
        {gaps.length > 0 && ", but for the gaps"}.
      </p>
      {gaps.map(({ from, to, missing }) => (
        <p className="hint" key={`${from.lsn} ${missing}`}>
          Not between {from.at === null ? from.lsn : <Moment at={from.at} />} and{" "}
          {to === null ? "now" : to.at === null ? to.lsn : <Moment at={to.at} />}: WAL ({missing}) is missing.
        </p>
      ))}
    </>
  );
}

const HEIGHT = 84;
const BAR_Y = 30;
const BAR_HEIGHT = 16;
/** So that what stands at an end is not cut off. */
const MARGIN = 8;

interface DrawingProps extends Pick<TimeLineProps, "info" | "drills" | "now"> {
  stretches: Stretch[];
  days: SpanDays;
}

function Drawing({ stretches, days, info, drills, now }: DrawingProps) {
  const [place, width] = useWidth<HTMLDivElement>();
  const scale = scaleOf(days, now, Math.max(0, width - 2 * MARGIN));
  const name = SPANS.find((span) => span.days === days)?.name;
  const label = `Time line of the last ${name}: what can be returned to, backups and drills. The backups and drills are listed below.`;
  return (
    <div ref={place} className="time-line">
      {width > 0 && (
        <svg role="img" aria-label={label} width={width} height={HEIGHT} viewBox={`${-MARGIN} 0 ${width} ${HEIGHT}`}>
          <rect className="ground" x={0} y={BAR_Y} width={scale.width} height={BAR_HEIGHT} rx={4} />
          {stretches.map((stretch) => {
            const bar = barOf(stretch, scale);
            return bar && <rect className="window" key={stretch.from} {...bar} y={BAR_Y} height={BAR_HEIGHT} rx={3} />;
          })}
          {ticksOf(days, scale).map(({ x, text }) => (
            <g key={x} className="tick">
              <line x1={x} x2={x} y1={BAR_Y + BAR_HEIGHT} y2={BAR_Y + BAR_HEIGHT + 6} />
              <text x={x} y={HEIGHT - 12} textAnchor={x < 20 ? "start" : x > scale.width - 24 ? "end" : "middle"}>
                {text}
              </text>
            </g>
          ))}
          {marksOf(info.backups, drills, scale).map((mark, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two may stand at the same place
            <MarkShape key={index} mark={mark} />
          ))}
        </svg>
      )}
    </div>
  );
}

/** Backups stand on the bar, drills above it. */
function MarkShape({ mark: { x, kind } }: { mark: Mark }) {
  if (kind === "drill" || kind === "failed drill") {
    const bad = kind === "failed drill";
    return <path className={bad ? "mark-bad" : "mark-drill"} d={`M ${x} 8 l 6 6 l -6 6 l -6 -6 z`} />;
  }
  const className = kind === "damaged" ? "mark-bad" : kind === "compared" ? "mark-compared" : "mark-whole";
  return <circle className={className} cx={x} cy={BAR_Y + BAR_HEIGHT / 2} r={5} />;
}
