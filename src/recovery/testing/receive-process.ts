/** A receiver in a process of its own, for tests that kill it: receive-process.ts JSON. Each status is a line. */
import { testLog } from "../../../test/support/cluster.ts";
import { homeAt } from "../../base/config.ts";
import { embeddedConnection } from "../../postgres/connection.ts";
import { startReceiver } from "../receive.ts";
import { FickleLocation } from "./receive-fickle.ts";
import { folderAt } from "./receive-stage.ts";

interface Order {
  home: string;
  recovery: string;
  locations: { name: string; path: string; failing: number }[];
}

const order = JSON.parse(process.argv[2] ?? "") as Order;
const home = homeAt(order.home);
const client = await embeddedConnection(home, "promptlib_guard", "promptlib");
const receiver = startReceiver({
  replication: client,
  sql: client,
  recoveryDirectory: order.recovery,
  locations: order.locations.map(({ name, path, failing }) => {
    const location = new FickleLocation(folderAt(path, name));
    location.failing = failing;
    return location;
  }),
  log: testLog(home),
  host: "ada.example",
  limits: { stopPatience: 60_000 },
  tell: (status) => process.stdout.write(`${JSON.stringify(status)}\n`),
});
process.once("SIGTERM", () => void receiver.stop());
await receiver.done;
