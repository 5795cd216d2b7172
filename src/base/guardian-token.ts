/**
 * How the server shows itself to the guardian: a token of a minute, signed with the JWT_SECRET that both have, which
 * says for whom it asks. Its audience keeps it apart from a login.
 */
import { jwtVerify, SignJWT } from "jose";
import { now } from "./clock.ts";

const AUDIENCE = "promptlib-guardian";
const SECONDS = 60;
/** The clocks of two machines differ: without it a guardian a second behind believes no server at all. */
const CLOCKS_DIFFER_S = 30;

/** For whom the server asks. */
export interface Acting {
  /** As in the audit log: user:NAME, local:OS-USER; `server`: for itself. */
  name: string;
  /** Where the request came from; null: from no network. */
  address: string | null;
}

export async function signGuardianToken(jwtSecret: string, { name, address }: Acting): Promise<string> {
  const issued = now();
  return await new SignJWT({ address })
    .setProtectedHeader({ alg: "HS256" })
    .setAudience(AUDIENCE)
    .setSubject(name)
    .setIssuedAt(issued)
    .setExpirationTime(new Date(issued.getTime() + SECONDS * 1000))
    .sign(Buffer.from(jwtSecret));
}

/** null: it is none, or holds no more. */
export async function readGuardianToken(jwtSecret: string, token: string): Promise<Acting | null> {
  try {
    const { payload } = await jwtVerify(token, Buffer.from(jwtSecret), {
      algorithms: ["HS256"],
      audience: AUDIENCE,
      requiredClaims: ["sub", "exp", "iat"],
      maxTokenAge: SECONDS,
      clockTolerance: CLOCKS_DIFFER_S,
      currentDate: now(),
    });
    const { sub = "", address } = payload;
    return { name: sub, address: typeof address === "string" ? address : null };
  } catch {
    return null; // whatever is wrong with it, it opens nothing
  }
}
