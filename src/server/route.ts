/** What a route of the table gets and answers: validated input, the caller, the project. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import { PromptlibError } from "../contract/errors.ts";
import type { Route } from "../contract/route.ts";
import type { RouteId, routes } from "../contract/routes.ts";
import type { Actor } from "../library/actor.ts";
import type { ProjectRef } from "../library/find.ts";
import type { Backend } from "./backend.ts";
import type { Caller, Gate } from "./caller.ts";
import type { FetchCounts } from "./fetch-counts.ts";
import type { GuardianLink } from "./guardian-link.ts";
import type { HeldAnswers } from "./held-answers.ts";
import type { LastUsed } from "./last-used.ts";
import type { LoginGuard } from "./login-guard.ts";
import type { Maintenance } from "./maintenance.ts";
import type { Metrics } from "./metrics.ts";
import type { OpenExports } from "./open-exports.ts";
import type { RecoveryAudit } from "./recovery-audit.ts";

/** What all handlers stand on. */
export interface Parts {
  backend: Backend;
  gate: Gate;
  loginGuard: LoginGuard;
  lastUsed: LastUsed;
  fetchCounts: FetchCounts;
  exports: OpenExports;
  heldAnswers: HeldAnswers;
  maintenance: Maintenance;
  /** null: there is none. */
  guardian: GuardianLink | null;
  recoveryAudit: RecoveryAudit;
  metrics: Metrics;
  /** ms; so long a body may take that is kept until it is whole, or that nobody needs any more. */
  bodyPatience: number;
}

type Input<R, K extends "params" | "query" | "body"> =
  R extends Record<K, infer Z extends z.ZodType> ? z.infer<Z> : Record<string, never>;

export interface RouteRequest<R> {
  params: Input<R, "params">;
  query: Input<R, "query">;
  body: Input<R, "body">;
  /** Throws `unauthenticated` when nobody said who he is. */
  readonly caller: Caller;
  readonly actor: Actor;
  /** Only for routes of a project. */
  readonly project: ProjectRef;
  raw: IncomingMessage;
  address: string;
}

export interface Answer {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
  /** In place of all that: writes the answer itself, for as long as it takes. */
  stream?: (response: ServerResponse) => void;
}

/** The routes that name a prompt in the query are the same deeds as those that name it in the path. */
export type HandlerId = Exclude<RouteId, `${string}ByQuery`>;
export type Handler<I extends HandlerId> = (
  request: RouteRequest<(typeof routes)[I]>,
  parts: Parts,
) => Promise<Answer> | Answer;
export type Handlers<I extends HandlerId = HandlerId> = { readonly [K in I]: Handler<K> };

export function handlerOf(id: RouteId): HandlerId {
  return id.replace(/ByQuery$/, "") as HandlerId;
}

/** Checks params, query and body at once, so that all faults are told together. */
export function validate(
  route: Route,
  input: { params: unknown; query: unknown; body: unknown },
): { params: unknown; query: unknown; body: unknown } {
  const faults: { field: string; fault: string }[] = [];
  const check = (place: "params" | "query" | "body") => {
    const shape = route[place];
    if (!shape || (place === "body" && route.media)) return input[place];
    const result = shape.safeParse(input[place]);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      faults.push({ field: [place, ...issue.path].join("."), fault: issue.message });
    }
    return undefined;
  };
  const checked = { params: check("params"), query: check("query"), body: check("body") };
  if (faults.length > 0) {
    const shown = faults.map(({ field, fault }) => `${field}: ${fault}`).join("; ");
    throw new PromptlibError("invalid_request", {
      message: `The request is not valid: ${shown.slice(0, 1000)}.`,
      details: { faults },
    });
  }
  return checked;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** The name of the route in the table; absent where none was found. */
    id?: RouteId;
  }
}
