/** Which account runs PostgreSQL: it refuses to run as root. */
import { readFile, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { PromptlibError } from "../contract/errors.ts";

export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** Accounts that PostgreSQL may be run as, best first. */
const CANDIDATES = ["promptlib", "postgres", "nobody"];

/**
 * The account to run PostgreSQL as, or null: as ourselves. As root it is the owner of `dataDirectory`, or,
 * where there is none yet (null), the first candidate there is. Error: `no_postgres_account`.
 */
export async function postgresAccount(dataDirectory: string | null): Promise<Account | null> {
  if (process.getuid?.() !== 0) {
    ownName();
    return null;
  }
  const accounts = await readAccounts();
  if (dataDirectory === null) return firstCandidate(accounts);
  const owner = (await stat(dataDirectory)).uid;
  if (owner === 0) {
    throw new PromptlibError("no_postgres_account", {
      message: `The data directory ${dataDirectory} belongs to root, and PostgreSQL refuses to run as root.`,
      hint: `Give it back to the account that ran PostgreSQL before: chown -R nobody ${dataDirectory}`,
    });
  }
  const account = accounts.find(({ uid }) => uid === owner);
  // initdb and postgres look their own account up, and stop when it has no entry.
  if (account) return account;
  throw new PromptlibError("no_postgres_account", {
    message: `The data directory ${dataDirectory} belongs to the account number ${owner}, which is not in /etc/passwd.`,
    hint: `Make an account with that number (useradd --system --uid ${owner} promptlib), or chown -R the directory.`,
  });
}

/** The name of the account that runs this process. */
export function ownName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    throw new PromptlibError("no_postgres_account", {
      message: `PostgreSQL only runs as an account that has a name; number ${process.getuid?.()} has none.`,
      hint: "Add it to /etc/passwd, or start as another user.",
      cause: error,
    });
  }
}

function firstCandidate(accounts: Account[]): Account {
  for (const name of CANDIDATES) {
    const account = accounts.find((one) => one.name === name && one.uid !== 0);
    if (account) return account;
  }
  throw new PromptlibError("no_postgres_account");
}

async function readAccounts(): Promise<Account[]> {
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n");
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}
