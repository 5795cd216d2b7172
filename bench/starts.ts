/** How long a start takes, from the command to the first answer, with the packages installed. */
import { median, print, remove, start, temporaryDirectory } from "./instance.ts";

const TRIALS = 5;

export async function benchStarts(): Promise<void> {
  const times: Record<string, { health: number[]; database: number[] }> = {};
  for (let trial = 0; trial < TRIALS; trial++) {
    const directory = await temporaryDirectory();
    for (const which of ["first (the database is made)", "second"]) {
      const { healthMs, databaseMs, stop } = await start(directory);
      times[which] ??= { health: [], database: [] };
      times[which].health.push(healthMs);
      times[which].database.push(databaseMs);
      await stop();
    }
    await remove(directory);
  }
  print(`### Start (medians of ${TRIALS})`, "", "| start | 200 from /health | database answers |", "|---|---|---|");
  for (const [which, { health, database }] of Object.entries(times)) {
    print(`| ${which} | ${seconds(health)} | ${seconds(database)} |`);
  }
  print("");
}

function seconds(times: number[]): string {
  return `${(median(times) / 1000).toFixed(2)} s`;
}
