/**
 * Whom the guardian listens to: the local operator (who can read run/guardian.json), the server in somebody's name, and
 * an operator's own login, so that recovery can be steered while server and database are dead.
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { jwtVerify } from "jose";
import { z } from "zod";
import { now } from "../base/clock.ts";
import type { Home } from "../base/config.ts";
import { type Acting, readGuardianToken } from "../base/guardian-token.ts";
import { ACCESS_FILE, readSealed } from "../base/sealed-file.ts";
import { PromptlibError } from "../contract/errors.ts";

/** What the guardian must know of data/access.json. */
const accessShape = z.object({
  users: z.array(z.object({ id: z.string(), username: z.string(), operator: z.boolean(), disabled: z.boolean() })),
  endedSessions: z.array(z.tuple([z.string(), z.number()])),
});

export class Operators {
  /** Of the local operator, as long as this guardian lives. */
  readonly localToken = `plo_${randomBytes(32).toString("hex")}`;
  readonly #home: Home;
  readonly #jwtSecret: string;

  constructor(home: Home, jwtSecret: string) {
    this.#home = home;
    this.#jwtSecret = jwtSecret;
  }

  /** null: nobody of them. */
  async identify(headers: IncomingHttpHeaders, address: string): Promise<Acting | null> {
    const token = /^bearer (.+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
    if (timingSafeEqual(sha256(token), sha256(this.localToken))) {
      const name = String(headers["x-promptlib-os-user"] ?? "");
      return { name: `local:${/^[\w.-]{1,64}$/.test(name) ? name : "unknown"}`, address: null };
    }
    if (token.split(".").length !== 3) return null;
    return (await readGuardianToken(this.#jwtSecret, token)) ?? (await this.#identifyLogin(token, address));
  }

  /** As the access file has it: who was an operator when the token was made may be none any more. */
  async #identifyLogin(token: string, address: string): Promise<Acting | null> {
    const claims = await this.#verify(token);
    const access = claims && (await this.#access());
    if (!access || access.endedSessions.some(([sid]) => sid === claims.sid)) return null;
    const user = access.users.find(({ id }) => id === claims.sub);
    return user?.operator && !user.disabled ? { name: `user:${user.username}`, address } : null;
  }

  async #verify(token: string): Promise<{ sub: string; sid: string } | null> {
    try {
      const { payload } = await jwtVerify(token, Buffer.from(this.#jwtSecret), {
        algorithms: ["HS256"],
        requiredClaims: ["sub", "sid", "exp"],
        currentDate: now(),
      });
      const { sub, sid, aud } = payload;
      return aud === undefined && typeof sub === "string" && typeof sid === "string" ? { sub, sid } : null;
    } catch {
      return null; // whatever is wrong with it, it is no login
    }
  }

  /** null: nobody knows, so no login counts. */
  async #access(): Promise<z.infer<typeof accessShape> | null> {
    const file = await readSealed(this.#home.accessFile, { jwtSecret: this.#jwtSecret, purpose: ACCESS_FILE });
    if (file === null || file === "damaged") return null;
    return accessShape.safeParse(JSON.parse(file.content)).data ?? null;
  }
}

/** Who signed in, here or at the server that asks in their name; the local operator and the server itself are none. */
export function isPerson({ name }: Acting): boolean {
  return name.startsWith("user:");
}

/** What the audit log has, only who writes it can say: anybody else could keep out of it what they did. Throws `forbidden`. */
export function requireServer(who: Acting): void {
  if (isPerson(who)) {
    throw new PromptlibError("forbidden", { message: "Only the server says what the audit log has already." });
  }
}

function sha256(text: string): Buffer {
  return hash("sha256", text, "buffer");
}
