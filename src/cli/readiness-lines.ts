/** How safe everything is, in lines for a terminal. Pure. */
import type { Job, Level, Readiness } from "../contract/recovery.ts";
import { size } from "../contract/size.ts";
import { localTime, onOneLine } from "./output.ts";
import { styledFor } from "./paint.ts";
import { timeLeft } from "./recovery-progress.ts";

/** Gives the text the colour of the level, where there are colours. */
export type Paint = (level: Level, text: string) => string;

export const plain: Paint = (_level, text) => text;

export function paintFor(
  stream: { isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Paint {
  const styled = styledFor(stream, environment);
  return (level, text) => (level === "ok" ? text : styled(level, text));
}

export function readinessLines({ dataAtRisk, timeToRecover, reasons }: Readiness, now: Date, paint: Paint): string[] {
  const { ifMachineVanishes: machine } = dataAtRisk;
  const risk: Level = machine === "everything" ? "critical" : machine === null ? "warning" : "ok";
  return [
    `Data at risk:     ${paint(risk, riskWords(dataAtRisk))}`,
    `Time to recover:  ${paint(timeToRecover ? "ok" : "warning", recoverWords(timeToRecover, now))}`,
    ...reasons.flatMap(({ level, message, remedy }) => [
      `${paint(level, level.padEnd("critical".length))}  ${paint(level, onOneLine(message))}`,
      `          ${onOneLine(remedy)}`,
    ]),
  ];
}

export function jobLine({ verb, startedAt, progress }: Job): string {
  const { phase, done, total } = progress ?? { phase: "", done: null, total: null };
  const bytes = done === null ? "" : `, ${size(done)}${total === null ? "" : ` of ${size(total)}`}`;
  return `A ${verb} has been running since ${localTime(startedAt)}${phase === "" ? "" : ` (${onOneLine(phase)}${bytes})`}.`;
}

function riskWords({ ifMachineVanishes, ifDatabaseVanishes }: Readiness["dataAtRisk"]): string {
  const machine = amount(ifMachineVanishes);
  if (ifMachineVanishes !== "everything") return machine;
  return ifDatabaseVanishes === "everything"
    ? `${machine}, if this machine vanished, or the database`
    : `${machine}, if this machine vanished; ${amount(ifDatabaseVanishes)}, if only the database did`;
}

function amount(risk: number | "everything" | null): string {
  if (risk === null) return "not known";
  return typeof risk === "number" ? lasting(risk) : risk;
}

function recoverWords(found: Readiness["timeToRecover"], now: Date): string {
  if (!found) return "never measured";
  const ago = Math.max(0, (now.getTime() - Date.parse(found.measuredAt)) / 1000);
  return `${lasting(found.seconds)}, measured ${ago < 172_800 ? timeLeft(ago) : `${Math.floor(ago / 86_400)} days`} ago by a ${found.by}`;
}

/** 0.4 s, 12 min, 3.5 h */
function lasting(seconds: number): string {
  return seconds < 100 ? `${seconds.toFixed(1)} s` : timeLeft(seconds);
}
