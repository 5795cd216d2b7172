/** A process that owns a cluster, for tests that kill it: run-cluster.ts HOME. Says what start answered; SIGTERM stops. */
import { homeAt } from "../../src/base/config.ts";
import { prepareHome } from "../../src/base/home.ts";
import { testCluster } from "./cluster.ts";

const home = homeAt(process.argv[2] ?? "");
await prepareHome(home);
const cluster = testCluster(home);
process.once("SIGTERM", () => {
  void cluster.stop().then(() => process.exit(0));
});
const started = await cluster.start();
process.stdout.write(`${JSON.stringify({ ...started, pid: cluster.pid })}\n`);
setInterval(() => {}, 60_000);
