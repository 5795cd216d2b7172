import type { ResetUser, RotatedKey, RotateKey, Session } from "../contract/accounts.ts";
import type { List } from "../contract/shapes.ts";
import type { Transport } from "./transport.ts";

/** Passwords, sessions, the rotation of keys. */
export function accountCalls({ body, project }: Transport) {
  const userAt = (username: string, rest: string) => `/api/users/${encodeURIComponent(username)}${rest}`;
  const sessionAt = (id: string) => `/sessions/${encodeURIComponent(id)}`;
  return {
    /** Of the person whose token this is. All other sessions end; this one goes on. */
    async changePassword(current: string, password: string): Promise<void> {
      await body({ method: "POST", path: "/api/auth/password", body: { current, password } });
    },
    /** For operators. The only answer that ever holds the made-up password; all sessions of the user end. */
    resetPassword: (username: string): Promise<ResetUser> => body({ method: "POST", path: userAt(username, "/reset") }),
    /** Of the person whose token this is; those that have not ended, last signed in first. */
    listSessions: (): Promise<List<Session>> => body({ method: "GET", path: "/api/sessions" }),
    async endSession(id: string): Promise<void> {
      await body({ method: "DELETE", path: `/api${sessionAt(id)}` });
    },
    /** Of any user; for operators. */
    listUserSessions: (username: string): Promise<List<Session>> =>
      body({ method: "GET", path: userAt(username, "/sessions") }),
    async endUserSession(username: string, id: string): Promise<void> {
      await body({ method: "DELETE", path: userAt(username, sessionAt(id)) });
    },
    /** All of them. */
    async endUserSessions(username: string): Promise<void> {
      await body({ method: "DELETE", path: userAt(username, "/sessions") });
    },
    /** A new key in the place of this one, which works on for the overlap; the only answer that ever holds it. */
    rotateKey: (id: string, rotation: RotateKey = {}): Promise<RotatedKey> =>
      body({ method: "POST", path: `/api/keys/${encodeURIComponent(id)}/rotate`, query: project, body: rotation }),
  };
}
