/** The embedded PostgreSQL where no guardian runs: started for as long as a verb needs it. */
import type { Config } from "../base/config.ts";
import type { Log } from "../base/log.ts";
import { type Cluster, openCluster, stopLeftOver } from "../postgres/cluster.ts";
import { existingPlace } from "../postgres/place.ts";
import { readLastSeen } from "../recovery/last-seen.ts";
import type { Patient } from "../recovery/patient.ts";
import { prepareStart } from "../recovery/swap.ts";

export class OwnPostgres implements Patient {
  readonly #config: Config;
  readonly #cluster: Cluster;

  constructor(config: Config, log: Log) {
    this.#config = config;
    this.#cluster = openCluster({ home: config.home, postgresBin: config.postgresBin, log });
  }

  /** Also one that outlived a guardian that was killed. */
  async stop(): Promise<void> {
    await this.#cluster.stop();
    await stopLeftOver(this.#config.home);
  }

  async start(): Promise<void> {
    if (this.#cluster.state !== "stopped") return;
    // A restore that was killed may have left its last step to us.
    const place = await existingPlace(this.#config.home);
    if (place) await prepareStart({ root: place.root, recovery: this.#config.home.recovery });
    await this.#cluster.start({ make: false });
  }

  async downSince(): Promise<string | null> {
    return (await readLastSeen(this.#config.home.recovery))?.at ?? null;
  }
}
