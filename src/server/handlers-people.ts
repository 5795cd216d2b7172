/** Routes about who is who: sign-in, users, members, projects, keys. */
import type { IncomingMessage } from "node:http";
import { now } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import { createKey, listKeys, revokeKey } from "../library/keys.ts";
import { createProject, listProjects } from "../library/projects.ts";
import { endSession, SESSION_HOURS, signIn } from "../library/sessions.ts";
import { changeUser, createUser, listMembers, listUsers, readUser, setMember } from "../library/users.ts";
import { isLoopback } from "./addresses.ts";
import { COOKIE, isOperator, presentIdentity, roleOf } from "./caller.ts";
import type { Metrics } from "./metrics.ts";
import type { Handlers, RouteRequest } from "./route.ts";

export const peopleHandlers = {
  async login({ body, address, raw }, { backend, gate, loginGuard, maintenance, metrics }) {
    const from = { address, userAgent: raw.headers["user-agent"] ?? null };
    const mayEnter = ({ operator }: { operator: boolean }) => {
      if (!operator && maintenance.mode === "closed") throw maintenance.refusal();
    };
    const session = await countFailures(metrics, () =>
      loginGuard.guard(body.username, address, () => signIn(backend.requireDatabase(), body, from, now(), mayEnter)),
    );
    const token = await gate.loginToken(session);
    return {
      body: {
        token,
        expiresAt: session.expiresAt.toISOString(),
        user: await readUser(backend.database.reads, session.userId),
      },
      headers: { "set-cookie": cookie(token, SESSION_HOURS * 3600, raw), "cache-control": "no-store" },
    };
  },

  async logout({ caller, actor, raw }, { backend }) {
    if (caller.kind === "user") await endSession(backend.database, actor, caller.sid);
    return { status: 204, headers: { "set-cookie": cookie("", 0, raw) } };
  },

  me({ caller }, { backend }) {
    return { body: { ...presentIdentity(caller, backend.access), changesPlace: backend.events.place } };
  },

  async listProjects({ caller }, { backend }) {
    const { access, database } = backend;
    const roleIn = (name: string) => {
      const project = access.project(name);
      if (!project) return null;
      if (caller.kind === "key") return caller.key.projectId === project.id ? "all" : null;
      return roleOf(caller, project.id) ?? (isOperator(caller) ? "all" : null);
    };
    return { body: await listProjects(database.reads, roleIn) };
  },

  async createProject({ caller, actor, body }, { backend }) {
    const owner = caller.kind === "user" ? caller.user.id : null;
    return { status: 201, body: await createProject(backend.database, actor, body, owner) };
  },

  async listMembers({ project }, { backend }) {
    return { body: await listMembers(backend.database.reads, project) };
  },

  async setMember(request, { backend }) {
    const { project, actor, params, body } = request;
    await setMember(backend.database, project, actor, ownsProject(request), params.username, body.role);
    return { body: { username: params.username, role: body.role } };
  },

  async removeMember(request, { backend }) {
    const { project, actor, params } = request;
    await setMember(backend.database, project, actor, ownsProject(request), params.username, null);
    return { status: 204 };
  },

  async listKeys({ project }, { backend }) {
    return { body: await listKeys(backend.database.reads, project) };
  },

  async createKey({ project, actor, body }, { backend }) {
    const key = await createKey(backend.database, project, actor, body);
    return { status: 201, body: key, headers: { "cache-control": "no-store" } };
  },

  async revokeKey({ project, actor, params }, { backend }) {
    return { body: await revokeKey(backend.database, project, actor, params.id) };
  },

  async listUsers(_request, { backend }) {
    return { body: await listUsers(backend.database.reads) };
  },

  async createUser({ actor, body }, { backend }) {
    return { status: 201, body: await createUser(backend.database, actor, body) };
  },

  async changeUser({ actor, params, body }, { backend }) {
    return { body: await changeUser(backend.database, actor, params.username, body) };
  },
} satisfies Partial<Handlers>;

function ownsProject({ caller, project }: Pick<RouteRequest<unknown>, "caller" | "project">): boolean {
  return roleOf(caller, project.id) === "owner";
}

/** `check` answers null when the password is wrong, which is thrown as `wrong`. */
export async function countFailures<T>(
  metrics: Metrics,
  check: () => Promise<T | null>,
  wrong: "login_failed" | "password_wrong" = "login_failed",
): Promise<T> {
  try {
    const result = await check();
    if (result === null) throw new PromptlibError(wrong);
    return result;
  } catch (error) {
    const counts = error instanceof PromptlibError && [wrong, "too_many_attempts"].includes(error.code);
    if (counts) metrics.loginFailures.inc();
    throw error;
  }
}

/** Secure but on plain HTTP to a loopback address, where browsers would drop it. */
function cookie(value: string, maxAge: number, { headers }: IncomingMessage): string {
  const plain = isLoopback(headers.host ?? "") && headers["x-forwarded-proto"] !== "https";
  return `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAge}${plain ? "" : "; Secure"}`;
}
