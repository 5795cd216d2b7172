import type { ResetUser } from "../contract/accounts.ts";
import type { Transport } from "./transport.ts";

/** Passwords. */
export function accountCalls({ body }: Transport) {
  const userAt = (username: string, rest: string) => `/api/users/${encodeURIComponent(username)}${rest}`;
  return {
    /** Of the person whose token this is. All other sessions end; this one goes on. */
    async changePassword(current: string, password: string): Promise<void> {
      await body({ method: "POST", path: "/api/auth/password", body: { current, password } });
    },
    /** For operators. The only answer that ever holds the made-up password; all sessions of the user end. */
    resetPassword: (username: string): Promise<ResetUser> => body({ method: "POST", path: userAt(username, "/reset") }),
  };
}
