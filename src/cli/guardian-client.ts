/** Talking to the guardian of a home, as its local operator. */

import { monotonic, sleep } from "../base/clock.ts";
import type { Home } from "../base/config.ts";
import { type LocalAddress, readLocalFile } from "../base/local-file.ts";
import { isErrorCode, PromptlibError } from "../contract/errors.ts";
import type { HeldMaintenance, MaintenanceChange } from "../contract/maintenance.ts";
import type { Job, JobRequest, Readiness } from "../contract/recovery.ts";
import { networkCode } from "../sdk/index.ts";
import { osUser, refusedHome } from "./connect.ts";

/** null: no guardian runs on the home (one that was killed leaves its file behind). */
export async function reachGuardian(home: Home): Promise<GuardianClient | null> {
  try {
    const address = await readLocalFile(home, "guardian.json");
    if (!address) return null;
    const client = new GuardianClient(address);
    return (await client.lives()) ? client : null;
  } catch (error) {
    throw refusedHome(home, error);
  }
}

/** It only watches and answers, so it is never busy for long. */
const ANSWER_MS = 5_000;
const AGAIN_MS = 500;
/** But for a disk that stands still under it. */
const PATIENCE_MS = 60_000;
/** Nobody is there, or he is about to go. */
const GONE = ["ECONNREFUSED", "ECONNRESET", "UND_ERR_SOCKET"];

export class GuardianClient {
  readonly #address: LocalAddress;
  readonly #answerMs: number;
  readonly #patienceMs: number;

  /** Other limits only in tests. */
  constructor(address: LocalAddress, { answerMs = ANSWER_MS, patienceMs = PATIENCE_MS } = {}) {
    this.#address = address;
    this.#answerMs = answerMs;
    this.#patienceMs = patienceMs;
  }

  async lives(): Promise<boolean> {
    try {
      return (await fetch(`${this.#address.url}/health`, { signal: AbortSignal.timeout(this.#answerMs) })).ok;
    } catch (error) {
      if (networkCode(error) === "ECONNREFUSED") return false;
      throw new PromptlibError("guardian_unreachable", { cause: error });
    }
  }

  async readiness(): Promise<Readiness> {
    return await this.#ask<Readiness>("GET", "/api/recovery/readiness");
  }

  /** Those that are remembered, oldest first. */
  async jobs(): Promise<Job[]> {
    return (await this.#ask<{ items: Job[] }>("GET", "/api/recovery/jobs")).items;
  }

  async maintenance(): Promise<HeldMaintenance> {
    return await this.#ask<HeldMaintenance>("GET", "/api/maintenance");
  }

  async changeMaintenance(change: MaintenanceChange): Promise<HeldMaintenance> {
    return await this.#ask<HeldMaintenance>("PUT", "/api/maintenance", change);
  }

  async order(request: JobRequest): Promise<Job> {
    return await this.#ask<Job>("POST", "/api/recovery/jobs", request);
  }

  async cancel(id: string): Promise<void> {
    await this.#ask("DELETE", `/api/recovery/jobs/${id}`);
  }

  /**
   * The job at every change, until it has ended, or the guardian has: a connection that breaks is no end of either.
   * Errors: `guardian_unreachable` where it does not answer for a minute, and nothing says that it ended.
   */
  async *follow(id: string): AsyncGenerator<Job> {
    for (let job: Job | null = null; ; await sleep(AGAIN_MS)) {
      for await (job of this.#events(id)) yield job;
      if (job && job.state !== "running") return;
      job = await this.#known(id);
      if (!job) return;
      if (job.state !== "running") return yield job;
    }
  }

  /** null: the guardian is gone, or its successor answers, which knows neither the job nor us. */
  async #known(id: string): Promise<Job | null> {
    for (const end = monotonic() + this.#patienceMs; ; await sleep(AGAIN_MS)) {
      try {
        return await this.#ask<Job>("GET", `/api/recovery/jobs/${id}`);
      } catch (error) {
        if (!(error instanceof PromptlibError)) throw error;
        if (error.code !== "guardian_unreachable" || (await this.#isGone())) return null;
        if (monotonic() >= end) throw silent(error);
      }
    }
  }

  async #isGone(): Promise<boolean> {
    try {
      return !(await this.lives());
    } catch (error) {
      return error instanceof PromptlibError && GONE.includes(networkCode(error.cause) ?? "");
    }
  }

  /** Until the job has ended, or the connection breaks. */
  async *#events(id: string): AsyncGenerator<Job> {
    let rest = "";
    try {
      const response = await this.#fetch("GET", `/api/recovery/jobs/${id}/events`);
      for await (const piece of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
        const lines = (rest + piece).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) yield JSON.parse(line) as Job;
      }
    } catch (error) {
      if (error instanceof SyntaxError) throw error;
      // The connection broke, or there is none: how it is with the job is asked next.
    }
  }

  static errorOf({ code, ...rest }: NonNullable<Job["error"]>): PromptlibError {
    return new PromptlibError(isErrorCode(code) ? code : "internal", rest);
  }

  async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.#fetch(method, path, body, AbortSignal.timeout(this.#answerMs));
    try {
      return (await response.json()) as T;
    } catch (error) {
      throw new PromptlibError("guardian_unreachable", { cause: error });
    }
  }

  async #fetch(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    const { url, token } = this.#address;
    const headers = {
      authorization: `Bearer ${token}`,
      "x-promptlib-os-user": osUser(),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    let response: Response;
    try {
      response = await fetch(`${url}${path}`, {
        method,
        headers,
        ...(signal ? { signal } : {}),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new PromptlibError("guardian_unreachable", { cause: error });
    }
    if (response.ok) return response;
    const { error } = (await response.json()) as { error: NonNullable<Job["error"]> };
    throw GuardianClient.errorOf(error);
  }
}

function silent(cause: PromptlibError): PromptlibError {
  return new PromptlibError("guardian_unreachable", {
    message: "The guardian lives and does not answer.",
    hint: "What was ordered may go on. Look with promptlib status before you order it again.",
    cause,
  });
}
