/** The parts of the system by the names that people know them by. Pure. */
import type { SystemHealth } from "../../sdk/index.ts";

interface Named {
  name: string;
  /** What it is for. */
  about: string;
}

const PARTS: Readonly<Record<string, Named>> = {
  server: { name: "Server", about: "answers applications and these pages" },
  database: { name: "Database", about: "holds prompts, versions, users and the audit log" },
  access: { name: "Access", about: "who may do what, also known without the database" },
  mirror: { name: "Mirror", about: "readable files that answer while the database is away" },
  disk: { name: "Disk", about: "room for the home, the database and the mirror" },
  export: { name: "Nightly export", about: "every project in plain files, each night" },
  guard: { name: "Guardian", about: "backs up, watches, holds the embedded PostgreSQL" },
};

export function partNamed(key: string): Named {
  return PARTS[key] ?? { name: key, about: "a process of the library" };
}

export const STATUS: Readonly<Record<SystemHealth["status"], string>> = {
  healthy: "All is well.",
  degraded: "It works, and something needs a look.",
  down: "It is down.",
};
