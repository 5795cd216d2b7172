/** Talking to the guardian of a home, as its local operator. */

import { sleep } from "../base/clock.ts";
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

export class GuardianClient {
  readonly #address: LocalAddress;

  constructor(address: LocalAddress) {
    this.#address = address;
  }

  async lives(): Promise<boolean> {
    try {
      return (await fetch(`${this.#address.url}/health`, { signal: AbortSignal.timeout(ANSWER_MS) })).ok;
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

  /** The job at every change, until it has ended, or the guardian has: a connection that breaks is no end of either. */
  async *follow(id: string): AsyncGenerator<Job> {
    for (let job: Job | null = null; ; await sleep(AGAIN_MS)) {
      for await (job of this.#events(id)) yield job;
      if (job && job.state !== "running") return;
      job = await this.#known(id);
      if (!job) return;
    }
  }

  /** null: the guardian does not answer, or its successor does, which knows neither the job nor us. */
  async #known(id: string): Promise<Job | null> {
    try {
      return await this.#ask<Job>("GET", `/api/recovery/jobs/${id}`);
    } catch (error) {
      if (error instanceof PromptlibError) return null;
      throw error;
    }
  }

  /** Until the job has ended, or the connection breaks. */
  async *#events(id: string): AsyncGenerator<Job> {
    const response = await this.#fetch("GET", `/api/recovery/jobs/${id}/events`);
    let rest = "";
    try {
      for await (const piece of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
        const lines = (rest + piece).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) yield JSON.parse(line) as Job;
      }
    } catch (error) {
      if (error instanceof SyntaxError) throw error;
      // The connection broke.
    }
  }

  static errorOf({ code, ...rest }: NonNullable<Job["error"]>): PromptlibError {
    return new PromptlibError(isErrorCode(code) ? code : "internal", rest);
  }

  async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.#fetch(method, path, body, AbortSignal.timeout(ANSWER_MS));
    return (await response.json()) as T;
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
