/** Routes about accounts: passwords, sessions, the rotation of keys. */
import { PromptlibError } from "../contract/errors.ts";
import { rotateKey } from "../library/key-rotation.ts";
import { changeOwnPassword, resetPassword } from "../library/password-change.ts";
import { endAllSessionsOf, endSessionOf, listSessionsOf } from "../library/session-list.ts";
import type { Caller } from "./caller.ts";
import { countFailures } from "./handlers-people.ts";
import type { Handlers } from "./route.ts";

export const accountHandlers = {
  async changePassword({ caller, actor, body, address }, { backend, loginGuard, metrics }) {
    const { user, sid } = requirePerson(caller);
    const who = { username: user.username, sid };
    const change = () => changeOwnPassword(backend.database, actor, who, body);
    await countFailures(metrics, () => loginGuard.guard(user.username, address, change), "password_wrong");
    return { status: 204 };
  },

  async resetPassword({ actor, params }, { backend }) {
    const user = await resetPassword(backend.database, actor, params.username);
    return { body: user, headers: { "cache-control": "no-store" } };
  },

  async listSessions({ caller }, { backend }) {
    const { user, sid } = requirePerson(caller);
    return { body: await listSessionsOf(backend.database.reads, user.username, sid) };
  },

  async endSession({ caller, actor, params }, { backend }) {
    await endSessionOf(backend.database, actor, requirePerson(caller).user.username, params.id);
    return { status: 204 };
  },

  async listUserSessions({ caller, params }, { backend }) {
    const sid = caller.kind === "user" ? caller.sid : null;
    return { body: await listSessionsOf(backend.database.reads, params.username, sid) };
  },

  async endUserSession({ actor, params }, { backend }) {
    await endSessionOf(backend.database, actor, params.username, params.id);
    return { status: 204 };
  },

  async endUserSessions({ actor, params }, { backend }) {
    await endAllSessionsOf(backend.database, actor, params.username);
    return { status: 204 };
  },

  async rotateKey({ project, actor, params, body }, { backend }) {
    const rotated = await rotateKey(backend.database, project, actor, params.id, body);
    return { status: 201, body: rotated, headers: { "cache-control": "no-store" } };
  },
} satisfies Partial<Handlers>;

/** The route let in persons only. */
function requirePerson(caller: Caller): Extract<Caller, { kind: "user" }> {
  if (caller.kind === "user") return caller;
  throw new PromptlibError("forbidden", { message: "Only a person who signed in may do this." });
}
