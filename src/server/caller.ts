/** Who is asking: an API key, a login token (bearer or cookie), or the local operator. No database is asked. */
import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { now } from "../base/clock.ts";
import { PromptlibError } from "../contract/errors.ts";
import type { Identity, Role } from "../contract/shapes.ts";
import type { AccessList, KnownKey, KnownUser } from "../library/access.ts";
import type { NewSession } from "../library/sessions.ts";

export type Caller =
  | { kind: "user"; user: KnownUser; sid: string; expiresAt: number; byCookie: boolean }
  | { kind: "key"; key: KnownKey }
  | { kind: "local"; osUser: string };

export const COOKIE = "promptlib_session";
/** Sent by the command line beside the local operator's token, for the audit log. */
const OS_USER_HEADER = "x-promptlib-os-user";

/** API keys whose tokens are remembered. */
const REMEMBERED_KEYS = 10_000;

export class Gate {
  readonly #access: AccessList;
  readonly #jwtKey: Uint8Array;
  readonly #localToken: Buffer;
  /**
   * Tokens that were right, each with its key as it was then: to hash one costs more than the rest of a fetch. They are
   * found by V8's hash, which is seeded anew in each process, so the time tells nothing of how near a guess is.
   */
  readonly #right = new LRUCache<string, KnownKey>({ max: REMEMBERED_KEYS });

  constructor(access: AccessList, jwtSecret: string, localToken: string) {
    this.#access = access;
    this.#jwtKey = Buffer.from(jwtSecret);
    this.#localToken = sha256(localToken);
  }

  /** null: nobody said who he is. Throws `unauthenticated` for a token that does not hold. */
  async identify(headers: IncomingHttpHeaders): Promise<Caller | null> {
    const token = bearerToken(headers.authorization);
    if (token === null) {
      const cookie = readCookie(headers.cookie);
      return cookie === null ? null : this.#identifyUser(cookie, true);
    }
    if (token.startsWith("plk_")) {
      const key = this.checkKey(token);
      if (key) return { kind: "key", key };
      throw new PromptlibError("unauthenticated", { message: "This API key is not valid." });
    }
    if (timingSafeEqual(sha256(token), this.#localToken)) {
      const name = String(headers[OS_USER_HEADER] ?? "");
      return { kind: "local", osUser: /^[\w.-]{1,64}$/.test(name) ? name : "unknown" };
    }
    return this.#identifyUser(token, false);
  }

  /** The key when it is right, living and not revoked. */
  checkKey(token: string): KnownKey | null {
    const known = this.#right.get(token);
    const key = known && this.#access.key(known.id) === known ? known : this.#compare(token);
    if (!key || key.revoked || (key.expiresAt !== null && key.expiresAt <= now().getTime())) return null;
    return key;
  }

  #compare(token: string): KnownKey | null {
    const [, id, secret, ...more] = token.split("_");
    const key = id ? this.#access.key(id) : undefined;
    if (!key || !secret || more.length > 0 || !timingSafeEqual(sha256(secret), key.secretHash)) return null;
    this.#right.set(token, key);
    return key;
  }

  async #identifyUser(token: string, byCookie: boolean): Promise<Caller> {
    const claims = await this.#verify(token);
    const user = claims ? this.#access.user(claims.sub) : undefined;
    if (!claims || !user || user.disabled || this.#access.sessionEnded(claims.sid)) {
      throw new PromptlibError("unauthenticated", { message: "This login is not valid, or it has ended." });
    }
    return { kind: "user", user, sid: claims.sid, expiresAt: claims.exp * 1000, byCookie };
  }

  /** The caller as he is known now, who was let in before; null: he would not be let in any more. */
  renewed(caller: Caller): Caller | null {
    if (caller.kind === "local") return caller;
    if (caller.kind === "key") {
      const key = this.#access.key(caller.key.id);
      return key && isValid(key) ? { ...caller, key } : null;
    }
    const user = this.#access.user(caller.user.id);
    const ended = this.#access.sessionEnded(caller.sid) || caller.expiresAt <= now().getTime();
    return user && !user.disabled && !ended ? { ...caller, user } : null;
  }

  async #verify(token: string): Promise<{ sub: string; sid: string; exp: number } | null> {
    try {
      const { payload } = await jwtVerify(token, this.#jwtKey, {
        algorithms: ["HS256"],
        requiredClaims: ["sub", "sid", "exp"],
        currentDate: now(),
      });
      // A token with an audience is a message between server and guardian, not a login.
      const { sub, sid, exp, aud } = payload;
      if (aud !== undefined || typeof sub !== "string" || typeof sid !== "string" || exp === undefined) return null;
      return { sub, sid, exp };
    } catch {
      return null; // whatever is wrong with it, it is no login
    }
  }

  async loginToken(session: NewSession): Promise<string> {
    return new SignJWT({ sid: session.sid, operator: session.operator })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(session.userId)
      .setIssuedAt(now())
      .setExpirationTime(session.expiresAt)
      .sign(this.#jwtKey);
  }
}

function isValid({ revoked, expiresAt }: KnownKey): boolean {
  return !revoked && (expiresAt === null || expiresAt > now().getTime());
}

function sha256(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

function bearerToken(header: string | undefined): string | null {
  return header && /^bearer /i.test(header) ? header.slice(7).trim() : null;
}

function readCookie(header: string | undefined): string | null {
  const found = header?.split(";").find((part) => part.trim().startsWith(`${COOKIE}=`));
  return found ? found.trim().slice(COOKIE.length + 1) : null;
}

export function callerName(caller: Caller): string {
  switch (caller.kind) {
    case "user":
      return `user:${caller.user.username}`;
    case "key":
      return `key:${caller.key.id}`;
    case "local":
      return `local:${caller.osUser}`;
  }
}

export function isOperator(caller: Caller): boolean {
  return caller.kind === "local" || (caller.kind === "user" && caller.user.operator);
}

/** The role in a project; a key has none, the local operator is owner everywhere. */
export function roleOf(caller: Caller, projectId: string): Role | null {
  if (caller.kind === "local") return "owner";
  return caller.kind === "user" ? (caller.user.roles[projectId] ?? null) : null;
}

export function presentIdentity(caller: Caller, access: AccessList): Omit<Identity, "changesPlace"> {
  const roles: Record<string, Role> = {};
  for (const project of access.projects()) {
    const role = roleOf(caller, project.id);
    if (role) roles[project.name] = role;
  }
  const name = callerName(caller);
  return {
    kind: caller.kind,
    name: name.slice(name.indexOf(":") + 1),
    operator: isOperator(caller),
    projects: roles,
  };
}
