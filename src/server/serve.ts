/** Starts and stops the server. It listens whether or not PostgreSQL answers, and serves what it can meanwhile. */
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { whyNotListening } from "../base/listening-socket.ts";
import { keepLocalFile } from "../base/local-file.ts";
import type { Log } from "../base/log.ts";
import { version } from "../base/version.ts";
import type { PromptlibError } from "../contract/errors.ts";
import { deleteOldChanges } from "../database/changes.ts";
import { forgetOldSessions } from "../library/sessions.ts";
import { createApp } from "./app.ts";
import { Backend } from "./backend.ts";
import { Gate } from "./caller.ts";
import { FetchCounts } from "./fetch-counts.ts";
import { GuardianLink } from "./guardian-link.ts";
import { HeldAnswers } from "./held-answers.ts";
import { LastUsed } from "./last-used.ts";
import { LoginGuard } from "./login-guard.ts";
import { Maintenance } from "./maintenance.ts";
import { Metrics } from "./metrics.ts";
import { Nightly } from "./nightly.ts";
import { OpenExports } from "./open-exports.ts";
import { RecoveryAudit } from "./recovery-audit.ts";
import { stopper } from "./stop-listening.ts";

const HOUR_MS = 3_600_000;
/** So long the database is waited for before the first request is taken; under `up` callers wait in the socket. */
const DATABASE_PATIENCE_MS = 1_500;
/** After this an older server on the same socket has surely left; until then fetches cost a query. */
const SHARED_MS = 30_000;
/** 2 MiB at 17 KiB/s. */
const BODY_PATIENCE_MS = 120_000;

export interface ServeOptions {
  log: Log;
  /** A bound socket that the supervisor holds; null: bind HOST and PORT. */
  socket: object | null;
  /** An older server still answers on that socket, and leaves soon. */
  shared?: boolean;
  /** What starts this program again, for the nightly export; left out, none is made. */
  program?: readonly string[];
  /** ms; in which a body that is no import must be whole. */
  bodyPatience?: number;
  onFirstAdmin(username: string, password: string): void;
  /** The server runs, but must not go on: the database is newer, say. */
  onRefused(error: PromptlibError): void;
}

export interface Served {
  url: string;
  /** From now on another server answers on the same socket. */
  share(): void;
  close(): Promise<void>;
}

/** Errors: `port_in_use`, `config_invalid` where HOST or PORT cannot be listened on. */
export async function startServer(
  config: Config,
  { log, socket, shared = false, program, bodyPatience = BODY_PATIENCE_MS, onFirstAdmin, onRefused }: ServeOptions,
): Promise<Served> {
  const backend = await Backend.open(config, { log, onFirstAdmin, onRefused });
  if (shared) backend.share(SHARED_MS);
  const localToken = `plo_${randomBytes(32).toString("hex")}`;
  const lastUsed = new LastUsed(backend, log);
  const fetchCounts = new FetchCounts(backend, log);
  const guardian = GuardianLink.to(config, backend.jwtSecret);
  const written = { log, database: () => (backend.feed.isLive ? backend.database : null) };
  const maintenance = await Maintenance.open(config, guardian, written);
  const recoveryAudit = new RecoveryAudit(guardian, written);
  const parts = {
    backend,
    maintenance,
    guardian,
    recoveryAudit,
    lastUsed,
    fetchCounts,
    exports: new OpenExports(),
    heldAnswers: new HeldAnswers(),
    gate: new Gate(backend.access, backend.jwtSecret, localToken),
    loginGuard: new LoginGuard(),
    metrics: new Metrics(backend, maintenance, version),
    bodyPatience,
  };
  const server = createServer({ keepAliveTimeout: 65_000, headersTimeout: 30_000, requestTimeout: 0 });
  const app = await createApp(parts, (listener) => server.on("request", listener));
  const stopListening = stopper(server);
  // The mirror may lack the last moment before a crash: what was already told must not be taken back for want of patience.
  await until(() => backend.feed.isLive, { timeout: DATABASE_PATIENCE_MS, every: 10 });
  const address = await listen(server, config, socket).catch(async (error) => {
    maintenance.close();
    recoveryAudit.close();
    await lastUsed.close();
    await fetchCounts.close();
    await backend.close();
    throw error;
  });
  const url = `http://${hostOf(address)}:${address.port}`;
  const localFile = await keepLocalFile(config.home, "server.json", { url, token: localToken });
  const nightly = program && new Nightly({ config, log, program, ready: () => backend.feed.isLive });
  const cleaning = setInterval(() => void cleanUp(backend, log), HOUR_MS);
  return {
    url,
    share: () => backend.share(),
    async close() {
      clearInterval(cleaning);
      await localFile.remove();
      const nightlyEnded = nightly?.close();
      backend.events.close();
      await stopListening();
      await app.close();
      maintenance.close();
      recoveryAudit.close();
      await nightlyEnded;
      await lastUsed.close();
      await fetchCounts.close();
      await backend.close();
    },
  };
}

async function listen(server: Server, config: Config, socket: object | null): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    // A port may be bound by two, by `up` as well, and is then taken by the first that listens.
    server.once("error", (error) => reject(whyNotListening(error, config.host, config.port, "PORT")));
    if (socket) server.listen(socket, resolve);
    else server.listen({ host: config.host, port: config.port }, resolve);
  });
  const address = server.address();
  if (typeof address === "string" || address === null) throw new Error("the server listens on no address");
  return address;
}

/** What to call this machine's server: an address that means "all" is reached at loopback. */
function hostOf({ address, family }: AddressInfo): string {
  if (address === "0.0.0.0" || address === "::") return "127.0.0.1";
  return family === "IPv6" ? `[${address}]` : address;
}

async function cleanUp(backend: Backend, log: Log): Promise<void> {
  if (!backend.feed.isLive) return;
  try {
    await deleteOldChanges(backend.database.writes);
    await forgetOldSessions(backend.database.writes);
  } catch (error) {
    log.warn({ err: error }, "old changes and sessions could not be deleted; tried again in an hour");
  }
}
