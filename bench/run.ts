/** npm run bench [WHAT…]: prints the tables of docs/benchmarks.md. */
import { arch, cpus, release, totalmem } from "node:os";
import { now } from "../src/base/clock.ts";
import { benchEvents } from "./events.ts";
import { benchFetch } from "./fetch.ts";
import { benchImport } from "./import.ts";
import { print } from "./instance.ts";
import { benchLighthouse } from "./lighthouse.ts";
import { benchMemory } from "./memory.ts";
import { benchOutage } from "./outage.ts";
import { benchPages } from "./pages.ts";
import { benchRecovery } from "./recovery.ts";
import { benchSearch } from "./search.ts";
import { benchSize } from "./size.ts";
import { benchStarts } from "./starts.ts";

const benches: Readonly<Record<string, () => Promise<void>>> = {
  fetch: benchFetch,
  starts: benchStarts,
  outage: benchOutage,
  size: benchSize,
  memory: benchMemory,
  import: benchImport,
  search: benchSearch,
  events: benchEvents,
  lighthouse: benchLighthouse,
  pages: benchPages,
  recovery: benchRecovery,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  process.stderr.write(`There is no bench ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}.\n`);
  process.exit(2);
}
const [cpu] = cpus();
print(
  `${now().toISOString().slice(0, 10)}, ${cpus().length} cores of ${cpu?.model ?? "an unknown CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()} ${arch()}, Node ${process.versions.node}`,
  "",
);
for (const name of asked.length > 0 ? asked : Object.keys(benches)) await benches[name]?.();
