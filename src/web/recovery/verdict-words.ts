/** How safe everything is, in a few words. Pure. */
import type { Level, Readiness } from "../../sdk/index.ts";
import { counted, lasting } from "./words.ts";

/** What the plan promises, in seconds. */
const RISK_PROMISED_S = 3_600;
const RECOVERY_PROMISED_S = 4 * 3_600;
/** As readiness has it: told long before the promise is broken. */
const RISK_NOTICED_S = 60;

export function headline({ level, reasons }: Pick<Readiness, "level" | "reasons">): string {
  const critical = reasons.filter((reason) => reason.level === "critical").length;
  const others = reasons.length - critical;
  if (level === "ok") return "Protected, as promised";
  if (level === "warning") return `Protected, with ${counted(others, "thing")} to look at`;
  const also = others === 0 ? "" : `, ${others} to look at`;
  return `At risk: ${counted(critical, "thing")} to mend${also}`;
}

export interface Figure {
  level: Level;
  value: string;
  about: string;
}

export function riskFigure({ ifMachineVanishes: risk }: Readiness["dataAtRisk"]): Figure {
  if (risk === "everything") {
    return { level: "critical", value: "Everything", about: "would be lost if this machine vanished now" };
  }
  if (risk === null) {
    return {
      level: "warning",
      value: "Not known",
      about: "There are copies elsewhere; how far they are nobody can tell.",
    };
  }
  const level = risk > RISK_PROMISED_S ? "critical" : risk > RISK_NOTICED_S ? "warning" : "ok";
  return { level, value: lasting(risk), about: "of writing would be lost if this machine vanished now" };
}

/** What only the loss of the database costs; the machine, and what lies on it, is still there. */
export function databaseRisk({ ifDatabaseVanishes: risk }: Readiness["dataAtRisk"]): string {
  if (risk === "everything") return "everything";
  return risk === null ? "not known" : lasting(risk);
}

export function recoveryFigure(found: Readiness["timeToRecover"]): Figure {
  if (!found)
    return { level: "warning", value: "Not measured", about: "until the database is back; a drill measures it" };
  const level = found.seconds > RECOVERY_PROMISED_S ? "critical" : "ok";
  const how = found.by === "drill" ? "as a drill took it" : "as the last restore in earnest took it";
  return { level, value: lasting(found.seconds), about: `until the database is back, ${how}` };
}

/** For those who hear the page: changes only when something worth hearing does. */
export function spoken(readiness: Readiness): string {
  const { ifMachineVanishes: risk } = readiness.dataAtRisk;
  const amount =
    typeof risk === "number"
      ? risk <= RISK_NOTICED_S
        ? "less than a minute"
        : counted(Math.round(risk / 60), "minute")
      : (risk ?? "not known");
  const recovery = readiness.timeToRecover ? lasting(readiness.timeToRecover.seconds) : "not measured";
  return `${headline(readiness)}. Data at risk: ${amount}. Time to recover: ${recovery}.`;
}
