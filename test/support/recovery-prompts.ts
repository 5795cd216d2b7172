/** A few prompts with names, saved and deleted through the API: which are there tells which state was restored. */
import { until } from "../../src/base/clock.ts";
import type { Instance } from "./instance.ts";

export class Prompts {
  readonly #url: string;
  readonly #headers: Record<string, string>;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  }

  static async of(instance: Instance, url: string): Promise<Prompts> {
    const made = await instance.run(["key", "create", "test", "--scope", "read", "--scope", "write"]);
    return new Prompts(url, made.stdout.trim());
  }

  /** Tried again while the database comes back. */
  async save(name: string): Promise<void> {
    await this.#answered("POST", "/api/prompts", { name, type: "text", text: `the text of ${name}` });
  }

  async delete(name: string): Promise<void> {
    await this.#answered("DELETE", `/api/prompts/${name}`);
  }

  /** Names, as the server answers them from the database. */
  async names(): Promise<string[]> {
    const { items } = (await this.#answered("GET", "/api/prompts?limit=100")) as { items: { name: string }[] };
    return items.map(({ name }) => name).sort();
  }

  async #answered(method: string, path: string, body?: object): Promise<unknown> {
    let last = "";
    const answer = await until(
      async () => {
        const response = await this.#fetch(method, path, body);
        last = response ? `${response.status} ${await response.clone().text()}` : "no answer";
        return response?.ok && response.headers.get("x-served-from") !== "mirror" ? response : null;
      },
      { timeout: 60_000, every: 50 },
    );
    if (!answer) throw new Error(`${method} ${path}: ${last}`);
    return await answer.json();
  }

  async #fetch(method: string, path: string, body?: object): Promise<Response | null> {
    const init = { method, headers: this.#headers, ...(body ? { body: JSON.stringify(body) } : {}) };
    return await fetch(`${this.#url}${path}`, init).catch(() => null);
  }
}
