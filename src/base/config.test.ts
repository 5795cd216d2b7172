import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

describe("POSTGRES_HOST", () => {
  it.each([
    ["db.example.com", "db.example.com"],
    ["my_database", "my_database"],
    ["192.0.2.7", "192.0.2.7"],
    ["::1", "[::1]"],
  ])("%s is the host that is connected to", (given, host) => {
    const { database } = readConfig({ POSTGRES_HOST: given, POSTGRES_PASSWORD: "a%b@c/d" });
    expect(new URL(database?.url ?? "")).toMatchObject({ hostname: host, port: "5432" });
  });

  it.each(["/var/run/postgresql", "my host", "db:5432", "a/b"])("%j is refused: no URL can be made of it", (given) => {
    expect(() => readConfig({ POSTGRES_HOST: given })).toThrow("POSTGRES_HOST must be");
  });
});

describe("TRUST_PROXY", () => {
  it.each(["loopback", "10.0.0.1", "10.0.0.0/8, 2001:db8::/32"])("%j names whom to believe", (given) => {
    expect(readConfig({ TRUST_PROXY: given }).trustProxy).toEqual(given.split(", "));
  });

  it.each(["999.1.1.1", "...", "10.0.0.0/33", "10.0.0.0/8/8", "2001:db8::/129", "proxy.example", "10.0.0.1,"])(
    "%j is refused before anything starts",
    (given) => {
      expect(() => readConfig({ TRUST_PROXY: given })).toThrow("TRUST_PROXY must be");
    },
  );
});

it("a secret's file that cannot be read is told with the reason", () => {
  expect(() => readConfig({ JWT_SECRET_FILE: "/nowhere/secret" })).toThrow(
    "JWT_SECRET_FILE names a file that cannot be read (ENOENT)",
  );
});
