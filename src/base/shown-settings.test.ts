import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readConfig } from "./config.ts";
import { settings } from "./settings.ts";
import { showSettings } from "./shown-settings.ts";

const SECRET = "a-secret-that-nobody-sees-0123456789";

it("every setting is shown with its origin, and of a secret nothing but that it is given", async () => {
  const directory = await mkdtemp(join(tmpdir(), "shown-settings-"));
  try {
    const file = join(directory, "secret");
    await writeFile(file, SECRET);
    const { shown } = readConfig({
      PORT: "8123",
      PROMPTLIB_HOME: directory,
      JWT_SECRET: SECRET,
      ADMIN_PASSWORD_FILE: file,
      DATABASE_URL: `postgres://ada:${SECRET}@localhost/db?password=${SECRET}`,
    });
    expect(shown.map(({ name }) => name)).toEqual(settings.map(({ name }) => name));
    const of = (name: string) => shown.find((one) => one.name === name);
    expect(of("PORT")).toMatchObject({ value: "8123", origin: "environment", secret: false, group: "Server" });
    expect(of("HOST")).toMatchObject({ value: "127.0.0.1", origin: "default" });
    expect(of("POSTGRES_BIN")).toMatchObject({ value: null, origin: "unset" });
    expect(of("DATA_DIR")).toMatchObject({ value: join(directory, "data"), origin: "default" });
    expect(of("JWT_SECRET")).toMatchObject({ value: null, origin: "environment", secret: true });
    expect(of("ADMIN_PASSWORD")).toMatchObject({ value: null, origin: "file", secret: true });
    expect(of("DATABASE_ADMIN_URL")).toMatchObject({ value: null, origin: "unset", secret: true });
    expect(JSON.stringify(shown)).not.toContain(SECRET);
  } finally {
    await rm(directory, { recursive: true });
  }
});

it("a password in the address of a location is not shown", () => {
  const values = new Map([["BACKUP_LOCATIONS", `s3://ada:${SECRET}@bucket/a?secret=${SECRET}, file:///mnt/b`]]);
  const shown = showSettings({ values, environment: { BACKUP_LOCATIONS: "given" }, paths: {} });
  expect(shown.find(({ name }) => name === "BACKUP_LOCATIONS")?.value).toBe("s3://…@bucket/a?secret=…, file:///mnt/b");
});

it.each([
  ["GUARDIAN_URL", "http://ada:pa,ss@host:1/", "http://…@host:1/"],
  ["BACKUP_LOCATIONS", "s3://ada:pa,ss@bucket/a,file:///mnt/b", "s3://…@bucket/a, file:///mnt/b"],
])("a password with a comma in it is not shown either: %s", (name, given, told) => {
  const shown = showSettings({ values: new Map([[name, given]]), environment: { [name]: given }, paths: {} });
  expect(shown.find((one) => one.name === name)?.value).toBe(told);
});
