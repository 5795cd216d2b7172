/** Whom the guardian believes. */
import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryHome } from "../../test/support/cluster.ts";
import * as clock from "../base/clock.ts";
import { signGuardianToken } from "../base/guardian-token.ts";
import { ACCESS_FILE, writeSealed } from "../base/sealed-file.ts";
import { Operators } from "./operators.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const OTHER = "fedcba9876543210fedcba9876543210";
const EVA = { id: "1", username: "eva", operator: true, disabled: false, roles: {} };

let home: Awaited<ReturnType<typeof temporaryHome>>;
let operators: Operators;
beforeEach(async () => {
  home = await temporaryHome();
  operators = new Operators(home.home, SECRET);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await home.remove();
});

const identify = async (token: string, headers = {}) =>
  await operators.identify({ authorization: `Bearer ${token}`, ...headers }, "10.0.0.7");

async function login(claims: object = {}, { secret = SECRET, expires = "1h" } = {}): Promise<string> {
  const token = new SignJWT({ sid: "s1", operator: true, ...claims }).setProtectedHeader({ alg: "HS256" });
  return await token.setSubject("1").setExpirationTime(expires).sign(Buffer.from(secret));
}

async function keepAccess(user: object, ended: [string, number][] = [], jwtSecret = SECRET): Promise<void> {
  const content = JSON.stringify({ projects: [], users: [user], keys: [], endedSessions: ended });
  await writeSealed(home.home.accessFile, { jwtSecret, purpose: ACCESS_FILE }, content);
}

describe("the local operator", () => {
  it("is who has the token of this start, by the name of the account, if that is one", async () => {
    const named = (name: string) => identify(operators.localToken, { "x-promptlib-os-user": name });
    expect(await named("root")).toEqual({ name: "local:root", address: null });
    expect(await named("ro ot\n")).toEqual({ name: "local:unknown", address: null });
    for (const token of ["", "plo_0", `${operators.localToken}0`]) expect(await identify(token)).toBeNull();
  });
});

describe("the server", () => {
  const ADA = { name: "user:ada", address: "10.1.1.1" };

  it("asks in somebody's name for a minute, and as long as clocks may differ", async () => {
    const token = await signGuardianToken(SECRET, ADA);
    expect(await identify(token)).toEqual(ADA);
    const later = new Date(clock.now().getTime() + 95_000);
    vi.spyOn(clock, "now").mockReturnValue(later);
    expect(await identify(token)).toBeNull();
  });

  it.each([-5, 61])("is believed by a clock that is %i s apart", async (seconds) => {
    const token = await signGuardianToken(SECRET, ADA);
    const apart = new Date(clock.now().getTime() + seconds * 1000);
    vi.spyOn(clock, "now").mockReturnValue(apart);
    expect(await identify(token)).toEqual(ADA);
  });

  it("is not believed with another secret", async () => {
    expect(await identify(await signGuardianToken(OTHER, { name: "user:ada", address: null }))).toBeNull();
  });
});

describe("a login", () => {
  it("of an operator counts also when the server is dead, as the access file has it", async () => {
    await keepAccess(EVA);
    expect(await identify(await login())).toEqual({ name: "user:eva", address: "10.0.0.7" });
  });

  it.each([
    ["of who is operator no more", { ...EVA, operator: false }, {}],
    ["of somebody who was disabled", { ...EVA, disabled: true }, {}],
    ["of nobody who is known", { ...EVA, id: "2" }, {}],
    ["that has ended", EVA, { ended: [["s1", 0]] as [string, number][] }],
    ["where the access file was sealed by others", EVA, { sealed: OTHER }],
  ])(
    "%s does not count",
    async (_whose, user, { ended = [], sealed = SECRET }: { ended?: [string, number][]; sealed?: string }) => {
      await keepAccess(user, ended, sealed);
      expect(await identify(await login())).toBeNull();
    },
  );

  it("counts for nothing where nobody knows who is operator, or when it is expired, forged, or no login", async () => {
    expect(await identify(await login())).toBeNull();
    await keepAccess(EVA);
    expect(await identify(await login({}, { expires: "-1s" }))).toBeNull();
    expect(await identify(await login({}, { secret: OTHER }))).toBeNull();
    expect(await identify(await login({ aud: "somebody else" }))).toBeNull();
    expect(await identify(await login({ sid: undefined }))).toBeNull();
  });
});
