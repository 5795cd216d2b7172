/** What `up` says on the terminal, calmly: one line while it starts, then where it is and what to do next. */
import type { Config } from "../base/config.ts";
import type { PostgresStatus } from "../base/supervision.ts";
import { calledAs } from "./this-program.ts";

export function announcement(url: string, config: Config): string[] {
  return [
    `Prompt Library is ready at ${url}`,
    `  home  ${config.home.root}`,
    `  next  in another terminal: ${calledAs()} import FILE.csv   (--help lists what else there is)`,
    "  stop  Ctrl-C",
  ];
}

export class Terminal {
  /** The line that the next one replaces. */
  #pending = false;
  #ready = false;
  #failed = false;
  /** Said before the announcement, printed after it. */
  readonly #later: string[] = [];

  constructor() {
    // A terminal that was closed, or a `| head`, is no reason to stop answering.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  }

  starting(what: string): void {
    this.#pending = process.stdout.isTTY;
    process.stdout.write(this.#pending ? `${what} …` : `${what} …\n`);
  }

  ready(lines: string[]): void {
    this.#ready = true;
    this.#print([...lines, ...this.#later.splice(0)]);
  }

  /** The only time that this password is ever seen. */
  firstAdmin(username: string, password: string): void {
    this.#say([
      "",
      "The first administrator, shown this once:",
      `  user name  ${username}`,
      `  password   ${password}`,
      "",
    ]);
  }

  /** A restart is no news; a PostgreSQL that does not come up is. */
  postgres({ state, problem }: PostgresStatus): void {
    if (state === "failed" && !this.#failed) {
      this.#failed = true;
      this.#say([
        `The database is away: ${problem ?? ""} What the mirror holds is served; starting it is tried again and again.`,
      ]);
    } else if (state === "running" && this.#failed) {
      this.#failed = false;
      this.#say(["The database is back."]);
    }
  }

  over(): void {
    if (this.#pending) this.#print([]);
  }

  #say(lines: string[]): void {
    if (this.#ready) this.#print(lines);
    else this.#later.push(...lines);
  }

  #print(lines: string[]): void {
    // Back to the start of the line, and clear it.
    if (this.#pending) process.stdout.write("\r\u001b[K");
    this.#pending = false;
    for (const line of lines) process.stdout.write(`${line}\n`);
  }
}
