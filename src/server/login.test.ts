/** Signing in and out, cookies, tokens that are none, and what guessing meets. */
import { createHmac } from "node:crypto";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase } from "../../test/support/database.ts";
import {
  ADMIN,
  type Ask,
  eventually,
  freshServer,
  JWT_SECRET,
  newUser,
  proxyTo,
  type Served,
  serveOn,
} from "../../test/support/server.ts";
import { guesserAt } from "./addresses.ts";

const login = (server: Served, username: string, password: string, headers: Record<string, string> = {}) =>
  server.ask("/api/auth/login", { method: "POST", body: { username, password }, headers });
const me = (server: Served, options: Ask) => server.ask("/api/auth/me", options);

describe("signing in", () => {
  let server: Served;
  beforeAll(async () => {
    server = await freshServer({ settings: { TRUST_PROXY: "loopback" } });
  });
  afterAll(async () => await server.close());

  it("answers a token that says who it is, and no password or hash of one", async () => {
    const { status, json, text, headers } = await login(server, ADMIN.username, ADMIN.password);
    expect(status).toBe(200);
    expect(json.user).toMatchObject({ username: "admin", operator: true, projects: { default: "owner" } });
    expect(new Date(json.expiresAt).getTime()).toBeGreaterThan(Date.now() + 11 * 3_600_000);
    expect(text).not.toMatch(/argon2|password/i);
    expect(headers["cache-control"]).toBe("no-store");
    expect((await me(server, { token: json.token })).json).toMatchObject({ kind: "user", name: "admin" });
  });

  it("a wrong password, an unknown name and a disabled user are answered alike", async () => {
    await newUser(server, "gone");
    await server.local.changeUser("gone", { disabled: true });
    const wrong = await login(server, ADMIN.username, "wrong");
    expect(wrong).toMatchObject({ status: 401, json: { error: { code: "login_failed" } } });
    expect((await login(server, "unknown", "wrong")).text).toBe(wrong.text);
    expect((await login(server, "gone", "password of gone")).text).toBe(wrong.text);
    expect((await login(server, "Not A Name", "wrong")).text).toBe(wrong.text);
  });

  it("a name with a NUL is a fault of the request", async () => {
    expect(await login(server, "a\u0000b", "wrong")).toMatchObject({
      status: 400,
      json: { error: { code: "invalid_request" } },
    });
  });

  it("sets a cookie that scripts cannot read and other sites cannot use, Secure but on loopback", async () => {
    const cookieFor = async (headers: Record<string, string>) =>
      String((await login(server, ADMIN.username, ADMIN.password, headers)).headers["set-cookie"]);
    const local = await cookieFor({ host: "localhost:4000" });
    expect(local).toMatch(/^promptlib_session=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200$/);
    expect(await cookieFor({ host: "[::1]:4000" })).not.toContain("Secure");
    expect(await cookieFor({ host: "prompts.example.com" })).toMatch(/; Secure$/);
    expect(await cookieFor({ host: "127.0.0.1.example.com" })).toMatch(/; Secure$/);
    expect(await cookieFor({ host: "localhost:4000", "x-forwarded-proto": "https" })).toMatch(/; Secure$/);
  });

  it("writing with the cookie needs the CSRF header, reading and a bearer token do not", async () => {
    const { token } = (await login(server, ADMIN.username, ADMIN.password)).json;
    const cookie = `other=1; promptlib_session=${token}`;
    const save = (options: Ask) =>
      server.ask("/api/prompts", { method: "POST", body: { name: "by cookie", text: "x" }, ...options });
    expect(await save({ headers: { cookie } })).toMatchObject({ status: 403, json: { error: { code: "csrf" } } });
    expect((await save({ headers: { cookie, "x-promptlib-csrf": "1" } })).status).toBe(201);
    expect((await save({ token })).status).toBe(200);
    for (const method of ["GET", "HEAD"]) {
      expect((await server.ask("/api/prompts/by%20cookie", { method, headers: { cookie } })).status).toBe(200);
    }
  });

  it("signing out ends the session at once and takes the cookie away", async () => {
    const token = await newUser(server, "leaver");
    const out = await server.ask("/api/auth/logout", { method: "POST", token });
    expect(out).toMatchObject({ status: 204, text: "" });
    expect(String(out.headers["set-cookie"])).toMatch(/^promptlib_session=;.*Max-Age=0/);
    expect((await me(server, { token })).status).toBe(401);
  });

  it.each([
    ["a new password", { password: "an altogether new one" }],
    ["being disabled", { disabled: true }],
    ["becoming operator", { operator: true }],
  ])("%s ends the sessions there are", async (why, change) => {
    const username = why.replaceAll(" ", "-");
    const token = await newUser(server, username);
    expect((await me(server, { token })).status).toBe(200);
    await server.local.changeUser(username, change);
    expect((await me(server, { token })).status).toBe(401);
  });
});

describe("a token that is none", () => {
  let server: Served;
  let claims: { sub: string; sid: string };
  beforeAll(async () => {
    server = await freshServer();
    const { token } = (await login(server, ADMIN.username, ADMIN.password)).json;
    claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
  });
  afterAll(async () => await server.close());

  const signed = (
    secret: string,
    { alg = "HS256", ...extra }: { alg?: string; aud?: string; exp?: number; sub?: string } = {},
  ) => {
    const { exp = Math.floor(Date.now() / 1000) + 600, ...more } = extra;
    return new SignJWT({ sid: claims.sid, sub: claims.sub, exp, ...more })
      .setProtectedHeader({ alg })
      .sign(Buffer.from(secret));
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const unsigned = (alg: string) => `${part({ alg, typ: "JWT" })}.${part({ ...claims, exp: 9999999999 })}.`;

  it("is refused for each way in which it can be wrong, and counted", async () => {
    expect((await me(server, { token: await signed(JWT_SECRET) })).status).toBe(200);
    const wrong: Record<string, string> = {
      "another secret": await signed("another secret that is long enough to be one"),
      "another algorithm": await signed(JWT_SECRET, { alg: "HS512" }),
      "no algorithm": unsigned("none"),
      "no algorithm, spelled otherwise": unsigned("NoNe"),
      "an audience": await signed(JWT_SECRET, { aud: "guardian" }),
      "a past expiry": await signed(JWT_SECRET, { exp: 1000 }),
      "a user that is not": await signed(JWT_SECRET, { sub: "999999" }),
      "no expiry": await new SignJWT({ ...{ sid: claims.sid, sub: claims.sub } })
        .setProtectedHeader({ alg: "HS256" })
        .sign(Buffer.from(JWT_SECRET)),
      "a cut signature": (await signed(JWT_SECRET)).slice(0, -4),
      "a word": "word",
    };
    for (const [why, token] of Object.entries(wrong)) {
      const reply = await me(server, { token });
      expect(reply.status, why).toBe(401);
      expect(reply.headers["www-authenticate"], why).toBe("Bearer");
    }
    const counted = /^promptlib_key_failures_total (\d+)$/m.exec((await server.ask("/metrics")).text)?.[1];
    expect(Number(counted)).toBe(Object.keys(wrong).length);
  });

  it("is refused when its header was changed and signed with the same secret", async () => {
    const body = `${part({ alg: "HS256", b64: false, crit: ["b64"] })}.${part({ ...claims, exp: 9999999999 })}`;
    const signature = createHmac("sha256", JWT_SECRET).update(body).digest("base64url");
    expect((await me(server, { token: `${body}.${signature}` })).status).toBe(401);
  });
});

describe("guessing passwords", () => {
  let server: Served;
  beforeAll(async () => {
    server = await freshServer({ settings: { TRUST_PROXY: "loopback" } });
    await newUser(server, "victim");
    await newUser(server, "bystander");
  });
  afterAll(async () => await server.close());
  const from = (address: string) => ({ "x-forwarded-for": address });
  const failures = async () =>
    Number(/^promptlib_login_failures_total (\d+)$/m.exec((await server.ask("/metrics")).text)?.[1]);

  it("ten failures of one name from one address, then not even the right password; others are not shut out", async () => {
    const before = await failures();
    const guess = (password: string) => login(server, "victim", password, from("192.0.2.1"));
    for (let attempt = 0; attempt < 10; attempt++) expect((await guess("wrong")).status).toBe(401);
    const refused = await guess("password of victim");
    expect(refused).toMatchObject({ status: 429, json: { error: { code: "too_many_attempts" } } });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect((await login(server, "bystander", "password of bystander", from("192.0.2.1"))).status).toBe(200);
    expect((await login(server, "victim", "password of victim", from("192.0.2.2"))).status).toBe(200);
    expect((await failures()) - before).toBe(11);
  });

  it("many attempts at once are no way around", async () => {
    const guesses = Array.from({ length: 40 }, () => login(server, "victim", "wrong", from("192.0.2.3")));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(30);
  });

  it("a right password forgets the failures before it", async () => {
    for (let round = 0; round < 2; round++) {
      for (let attempt = 0; attempt < 8; attempt++) await login(server, "victim", "wrong", from("192.0.2.4"));
      expect((await login(server, "victim", "password of victim", from("192.0.2.4"))).status).toBe(200);
    }
  });

  it("addresses of one IPv6 network count as one guesser", async () => {
    expect(guesserAt("2001:db8:1:2:3:4:5:6")).toBe(guesserAt("2001:db8:1:2::1"));
    expect(guesserAt("2001:db8:1:2::1")).not.toBe(guesserAt("2001:db8:1:3::1"));
    expect(guesserAt("::1")).toBe("0:0:0:0");
    expect(guesserAt("192.0.2.1")).toBe("192.0.2.1");
  });
});

describe("while the database is away", () => {
  it("signing in says so and is not counted as a failure", async () => {
    const database = await freshDatabase();
    const proxy = await proxyTo(database);
    const server = await serveOn(database, { proxy });
    proxy.cut();
    await server.untilHealth("degraded");
    for (let attempt = 0; attempt < 12; attempt++) {
      const reply = await login(server, ADMIN.username, ADMIN.password);
      expect(reply).toMatchObject({ status: 503, json: { error: { code: "database_unavailable" } } });
      expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
    }
    proxy.restore();
    await server.untilHealth("healthy");
    expect((await login(server, ADMIN.username, ADMIN.password)).status).toBe(200);
    await server.close();
    await proxy.close();
    await database.drop();
  });
});

describe("two servers on one database", () => {
  it("a session that is ended on one ends on the other", async () => {
    const database = await freshDatabase();
    const [one, other] = [await serveOn(database), await serveOn(database)];
    const token = await newUser(one, "roamer");
    await eventually(async () => (await me(other, { token })).status === 200);
    await one.as(token).logout();
    expect((await me(one, { token })).status).toBe(401);
    await eventually(async () => (await me(other, { token })).status === 401);
    await one.close();
    await other.close();
    await database.drop();
  });
});
