/** A location that is away, slow or forgetful when the test wants it; else it is the one behind it. */
import { randomInt } from "node:crypto";
import { Readable } from "node:stream";
import { sleep } from "../../base/clock.ts";
import { PromptlibError } from "../../contract/errors.ts";
import type { ByteRange, Location } from "../location.ts";

export class FickleLocation implements Location {
  readonly #behind: Location;
  away = false;
  /** Of a hundred calls so many fail, half of them only after they were carried out. */
  failing = 0;
  /** ms that every call takes at most on top. */
  delay = 0;
  /** Takes every call and never answers. */
  hanging = false;
  refusesRemoval = false;

  constructor(behind: Location) {
    this.#behind = behind;
  }

  get url() {
    return this.#behind.url;
  }
  get name() {
    return this.#behind.name;
  }
  get domain() {
    return this.#behind.domain;
  }
  get required() {
    return this.#behind.required;
  }

  put(name: string, body: Uint8Array, signal?: AbortSignal) {
    return this.#call(() => this.#behind.put(name, body, signal));
  }
  get(name: string, range?: ByteRange, signal?: AbortSignal) {
    return this.#call(() => this.#behind.get(name, range, signal));
  }
  list(prefix: string, signal?: AbortSignal) {
    return this.#call(() => this.#behind.list(prefix, signal));
  }
  stat(name: string, signal?: AbortSignal) {
    return this.#call(() => this.#behind.stat(name, signal));
  }
  async remove(name: string, signal?: AbortSignal) {
    if (this.refusesRemoval) throw unavailable("objects are locked");
    await this.#call(() => this.#behind.remove(name, signal));
  }
  freeSpace() {
    return this.#call(() => this.#behind.freeSpace());
  }

  async #call<T>(deed: () => Promise<T>): Promise<T> {
    if (this.hanging) await new Promise(() => {});
    if (this.delay > 0) await sleep(randomInt(this.delay));
    if (this.away) throw unavailable("it is away");
    const fails = randomInt(100) < this.failing;
    if (fails && randomInt(2) === 0) throw unavailable("the request was lost");
    const answer = await deed();
    if (fails && answer instanceof Readable) answer.destroy();
    if (fails) throw unavailable("the answer was lost");
    return answer;
  }
}

function unavailable(why: string): PromptlibError {
  return new PromptlibError("location_unavailable", { message: `The location cannot be used: ${why}.` });
}
