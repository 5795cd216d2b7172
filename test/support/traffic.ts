/** Two applications that never rest: one saves versions and remembers what was acknowledged, one fetches by label. */
import { sleep, until } from "../../src/base/clock.ts";
import { askedAgain } from "./asked-again.ts";

export const NAME = "under/fire";
const PAUSE_MS = 10;
/** Slower than any wait that is promised, and never waited for where all is well. */
const PATIENCE_MS = 15_000;

abstract class Application {
  readonly failures: string[] = [];
  readonly url: string;
  readonly headers: Record<string, string>;
  #going: Promise<void> | null = null;
  #over = false;

  constructor(url: string, key: string) {
    this.url = url;
    this.headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  }

  start(): void {
    this.#going = (async () => {
      for (; !this.#over; await sleep(PAUSE_MS)) await this.once();
    })();
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#going;
  }

  protected abstract once(): Promise<void>;

  protected async ask(path: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(`${this.url}${path}`, {
      ...init,
      headers: this.headers,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  }
}

interface Answer {
  version: number;
  text: string;
  error?: { code: string };
}

export class Writer extends Application {
  /** Version → text, as the server confirmed it. */
  readonly acknowledged = new Map<number, string>();
  /** Texts of which nobody knows: refused with write_outcome_unknown, or the connection broke. */
  readonly unknown: string[] = [];
  /** Texts that were refused, and so must not be there. */
  readonly refused: string[] = [];
  #count = 0;

  async saveUntilAcknowledged(): Promise<void> {
    const { size } = this.acknowledged;
    const saved = async () => {
      await this.once();
      return this.acknowledged.size > size;
    };
    if (!(await until(saved, { timeout: 60_000 }))) throw new Error("no write was acknowledged for a minute");
  }

  protected async once(): Promise<void> {
    this.#count += 1;
    const text = `text number ${this.#count}`;
    try {
      const body = JSON.stringify({ name: NAME, text, labels: ["production"] });
      const response = await this.ask("/api/prompts", { method: "POST", body });
      const answer = (await response.json()) as Answer;
      if (response.ok) this.#acknowledge(text, answer);
      else this.#refuse(text, response.status, answer.error?.code ?? "");
    } catch {
      this.unknown.push(text);
    }
  }

  #acknowledge(text: string, { version, text: kept }: Answer): void {
    if (kept !== text) this.failures.push(`${text} was acknowledged with ${kept}`);
    if (this.acknowledged.has(version)) this.failures.push(`version ${version} was acknowledged twice`);
    this.acknowledged.set(version, text);
  }

  #refuse(text: string, status: number, code: string): void {
    if (code === "write_outcome_unknown") this.unknown.push(text);
    else this.refused.push(text);
    if (status !== 503) this.failures.push(`${status} ${code}`);
  }
}

export class Reader extends Application {
  answers = 0;
  fromMirror = 0;
  /** While everything is dead at once nobody can answer. */
  excused = false;
  /** Server and database died together: the mirror, which is all there is then, may lack the moment before. */
  mirrorMayLag = false;
  #newest = 0;

  protected async once(): Promise<void> {
    try {
      const response = await askedAgain(() => this.#fetch());
      const answer = (await response.json()) as Answer;
      this.answers += 1;
      const mirrored = response.headers.get("x-served-from") === "mirror";
      if (mirrored) this.fromMirror += 1;
      if (response.status !== 200) this.failures.push(`${response.status} ${JSON.stringify(answer)}`);
      else if (answer.version >= this.#newest) this.#newest = answer.version;
      else if (!mirrored || !this.mirrorMayLag) this.failures.push(`version ${answer.version} after ${this.#newest}`);
    } catch (error) {
      const { message, cause } = error as Error;
      if (!this.excused) this.failures.push(`not answered: ${message} ${cause}`);
    }
  }

  async #fetch(): Promise<Response> {
    return await this.ask(`/api/prompts/${encodeURIComponent(NAME)}?label=production`);
  }
}
