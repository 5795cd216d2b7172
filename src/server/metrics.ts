/** Metrics in Prometheus' format, in names that operators know: base units, _total for counters. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { maintenanceModes } from "../contract/shapes.ts";
import type { Backend } from "./backend.ts";
import type { Maintenance } from "./maintenance.ts";

export class Metrics {
  readonly registry = new Registry();
  readonly loginFailures: Counter;
  readonly keyFailures: Counter;
  readonly #requests: Counter<"route" | "status">;
  /** Counted apart: the hot path adds to a number, nothing else. */
  hotFetches = 0;

  constructor(backend: Backend, maintenance: Maintenance, version: string) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#requests = new Counter({
      name: "promptlib_http_requests_total",
      help: "Requests answered, by route and status.",
      labelNames: ["route", "status"],
      registers,
    });
    this.loginFailures = new Counter({
      name: "promptlib_login_failures_total",
      help: "Sign-ins that failed or were refused because of too many failures.",
      registers,
    });
    this.keyFailures = new Counter({
      name: "promptlib_key_failures_total",
      help: "Requests with a token or API key that is not valid.",
      registers,
    });
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    gauge("promptlib_database_up", "1 while the database answers.", () => Number(backend.feed.isLive));
    gauge("promptlib_feed_age_seconds", "Seconds since memory was known to be current; -1: never.", () =>
      seconds(backend.feed.age),
    );
    gauge("promptlib_mirror_writer", "1 on the server that writes the mirror.", () => Number(backend.mirror.isWriter));
    gauge("promptlib_mirror_age_seconds", "Seconds since the mirror held every commit; -1: never.", () =>
      seconds(backend.mirror.age),
    );
    gauge("promptlib_ready_prompts", "Prompts ready for fetching in memory.", () => backend.ready.count);
    gauge("promptlib_ready_bytes", "Memory that prompts ready for fetching take.", () => backend.ready.bytes);
    gauge("promptlib_ready_hits", "Fetches answered from memory since the start.", () => backend.ready.hits);
    gauge("promptlib_ready_misses", "Fetches not answered from memory since the start.", () => backend.ready.misses);
    gauge("promptlib_event_listeners", "Connections that listen for changes.", () => backend.events.count);
    new Gauge({
      name: "promptlib_maintenance_mode",
      help: "1 for the mode of maintenance that counts now.",
      labelNames: ["mode"],
      registers,
      collect() {
        for (const mode of maintenanceModes) this.set({ mode }, Number(mode === maintenance.mode));
      },
    });
    new Gauge({
      name: "promptlib_build_info",
      help: "1, with the version as a label.",
      labelNames: ["version"],
      registers,
    }).set({ version }, 1);
  }

  answered(route: string, status: number): void {
    this.#requests.inc({ route, status: String(status) });
  }

  async text(): Promise<string> {
    if (this.hotFetches > 0) {
      this.#requests.inc({ route: "fetchPrompt", status: "200" }, this.hotFetches);
      this.hotFetches = 0;
    }
    return this.registry.metrics();
  }
}

function seconds(milliseconds: number | null): number {
  return milliseconds === null ? -1 : milliseconds / 1000;
}
