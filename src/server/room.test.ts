import { expect, it } from "vitest";
import { type Config, readConfig } from "../base/config.ts";
import { PromptlibError } from "../contract/errors.ts";
import { routes } from "../contract/routes.ts";
import { forWantOfRoom } from "./room.ts";

/** Of a disk on which nothing can be written there is always one. */
const FULL = "/proc";

function onDisk(postgres: string, settings: Record<string, string> = {}): Config {
  const config = readConfig({ PROMPTLIB_HOME: "/nowhere", ...settings });
  return { ...config, home: { ...config.home, postgres } };
}

it("a write that finds no database on a full disk is told that the disk is full, and nothing else is", () => {
  const away = new PromptlibError("database_unavailable");
  const told = (error: PromptlibError, id: keyof typeof routes, config: Config) =>
    forWantOfRoom(error, routes[id], config).code;
  expect(told(away, "savePrompt", onDisk(FULL))).toBe("disk_full");
  expect(told(away, "savePrompt", onDisk("/"))).toBe("database_unavailable");
  expect(told(away, "savePrompt", onDisk("/nowhere"))).toBe("database_unavailable");
  const elsewhere = onDisk(FULL, { DATABASE_URL: "postgres://a@b/c" });
  expect(told(away, "savePrompt", elsewhere)).toBe("database_unavailable");
  expect(told(away, "listVersions", onDisk(FULL))).toBe("database_unavailable");
  expect(told(away, "renderPrompt", onDisk(FULL))).toBe("database_unavailable");
  expect(told(new PromptlibError("write_outcome_unknown"), "savePrompt", onDisk(FULL))).toBe("write_outcome_unknown");
});
