/** Routes about accounts: passwords. */
import { PromptlibError } from "../contract/errors.ts";
import { changeOwnPassword, resetPassword } from "../library/password-change.ts";
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
} satisfies Partial<Handlers>;

/** The route let in persons only. */
function requirePerson(caller: Caller): Extract<Caller, { kind: "user" }> {
  if (caller.kind === "user") return caller;
  throw new PromptlibError("forbidden", { message: "Only a person who signed in may do this." });
}
