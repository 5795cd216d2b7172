/**
 * Tells those who listen at GET /api/changes what changed in their project. Everything comes from the change feed that
 * keeps memory current, so an event is never ahead of what a fetch here answers; nobody who writes or fetches waits
 * for those who listen.
 */
import type { ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import type { Log } from "../base/log.ts";
import { PromptlibError } from "../contract/errors.ts";
import { HEARTBEAT_SECONDS } from "../contract/heartbeat.ts";
import type { Cursor } from "../database/changes.ts";
import type { Queries, RecordedChange } from "../database/database.ts";
import type { Id } from "../database/tables.ts";
import type { AccessList } from "../library/access.ts";
import { type ChangedPrompt, readChangedPrompts } from "../library/changed-prompts.ts";
import { readMissed } from "./change-catch-up.ts";
import { ChangeListener, eventOf, type Listening, type Message, placeOf } from "./change-listener.ts";
import { cursorId, messagesFor } from "./change-message.ts";

/** So many are written to before others have their turn. */
const AT_ONCE = 100;
/** When more portions of changes than this wait to be told, they are told as one `reset`. */
const UNTOLD_LIMIT = 20;
const RESET = eventOf("reset", {});

interface Options {
  /** The present one: it is another after the database was away. */
  reads: () => Queries;
  access: AccessList;
  /** How many may listen; half as many with one key, or one person. */
  limit: number;
  beatEveryMs?: number;
  log: Log;
}

export class ChangeEvents {
  readonly #options: Options;
  readonly #listeners = new Map<Id, Set<ChangeListener>>();
  readonly #byCaller = new Map<string, number>();
  readonly #heartbeat: NodeJS.Timeout;
  #count = 0;
  #closed = false;
  /** Told so far. */
  #cursor: Cursor | null = null;
  /** What was told before its turn, while an older transaction ran: revision by prompt. */
  readonly #early = new Map<Id, bigint>();
  #waiting: ChangeListener[] = [];
  #catchingUp = false;
  #sending: Promise<void> = Promise.resolve();
  #telling: Promise<void> = Promise.resolve();
  /** Portions of changes that are not told yet. */
  #untold = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#heartbeat = setInterval(() => this.#beat(), options.beatEveryMs ?? HEARTBEAT_SECONDS * 1000);
    this.#heartbeat.unref();
  }

  get count(): number {
    return this.#count;
  }

  /** Who goes on from here is told what changes from now on; null: not known yet. */
  get place(): string | null {
    return this.#cursor && cursorId(this.#cursor);
  }

  /** Answers how to begin. Errors: `too_many_listeners`. */
  admit(listening: Listening): (response: ServerResponse) => void {
    const { limit } = this.#options;
    const own = this.#byCaller.get(listening.caller) ?? 0;
    if (this.#count >= limit || own >= Math.ceil(limit / 2)) {
      throw new PromptlibError("too_many_listeners", {
        details: { retryAfterSeconds: HEARTBEAT_SECONDS, listeners: this.#count, ofThisCaller: own },
      });
    }
    this.#count += 1;
    this.#byCaller.set(listening.caller, own + 1);
    return (response) => this.#begin(listening, response);
  }

  #begin(listening: Listening, response: ServerResponse): void {
    const listener = new ChangeListener(listening, response);
    const { projectId, lastEventId } = listening;
    const others = this.#listeners.get(projectId) ?? new Set();
    this.#listeners.set(projectId, others.add(listener));
    response.once("close", () => this.#gone(listener));
    response.on("error", () => {});
    if (response.destroyed) this.#gone(listener);
    else if (this.#closed) listener.end();
    else if (lastEventId !== null) this.#wait(listener);
    else {
      listener.caughtUp = true;
      listener.send(eventOf("ready", {}) + placeOf(this.place ?? ""));
    }
  }

  #gone(listener: ChangeListener): void {
    const { projectId, caller } = listener.listening;
    const others = this.#listeners.get(projectId);
    if (!others?.delete(listener)) return;
    if (others.size === 0) this.#listeners.delete(projectId);
    if (!listener.caughtUp) this.#waiting = this.#waiting.filter((one) => one !== listener);
    this.#count -= 1;
    const own = this.#byCaller.get(caller) ?? 0;
    if (own > 1) this.#byCaller.set(caller, own - 1);
    else this.#byCaller.delete(caller);
  }

  /**
   * From the feed, which does not wait for it; `cursor` is the place behind the changes, null for what is told before its
   * turn.
   */
  tell(changes: readonly RecordedChange[], cursor: Cursor | null): void {
    this.#inOrder(async () => {
      await this.#tellNow(changes, cursor);
      if (cursor) this.#cursor = cursor;
      for (const { kind, subject, revision } of changes) {
        if (kind !== "prompt") continue;
        if (cursor === null) this.#early.set(subject, revision);
        else if (this.#early.get(subject) === revision) this.#early.delete(subject);
      }
    });
  }

  /** Much changed, or nobody knows what. */
  reset(cursor: Cursor | null): void {
    this.#inOrder(async () => {
      if (cursor) this.#early.clear();
      this.#cursor = cursor ?? this.#cursor;
      this.#send(null, { events: RESET, id: this.place ?? "" });
    });
  }

  #inOrder(step: () => Promise<void>): void {
    this.#untold += 1;
    this.#telling = this.#telling.then(step).finally(() => {
      this.#untold -= 1;
    });
  }

  async #tellNow(changes: readonly RecordedChange[], cursor: Cursor | null): Promise<void> {
    const news = changes.filter(({ kind, subject, revision }) => kind === "prompt" && this.#isNews(subject, revision));
    if (this.#count === 0 || news.length === 0) return;
    const id = cursor ? cursorId(cursor) : "";
    const prompts = this.#untold > UNTOLD_LIMIT ? null : await this.#namesOf(news);
    if (!prompts) this.#send(null, { events: RESET, id });
    else
      for (const [project, events] of messagesFor(prompts, this.#options.access)) this.#send(project, { events, id });
  }

  /** null: they cannot be read now. */
  async #namesOf(news: readonly RecordedChange[]): Promise<ChangedPrompt[] | null> {
    try {
      return await readChangedPrompts(this.#options.reads(), [...new Set(news.map(({ subject }) => subject))]);
    } catch (error) {
      if (!isUnavailable(error)) this.#options.log.error({ err: error }, "what changed could not be read");
      return null;
    }
  }

  #isNews(subject: Id, revision: bigint): boolean {
    return this.#early.get(subject) !== revision;
  }

  /** The database answers: whoever could not be told what he missed is told now. */
  onLive(): void {
    void this.#catchUp();
  }

  /** Somebody's rights changed: who may not listen any more does not. */
  endUninvited(): void {
    for (const listener of this.#all()) if (!listener.listening.stillMay()) listener.end();
  }

  /** Ends all; who comes until the server has stopped is sent away at once. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#heartbeat);
    for (const listener of this.#all()) listener.end();
  }

  #all(): ChangeListener[] {
    return [...this.#listeners.values()].flatMap((ofProject) => [...ofProject]);
  }

  #beat(): void {
    this.endUninvited();
    void this.#catchUp();
    this.#send(null, { events: ": \n\n", id: this.place ?? "" });
  }

  /** To those of a project, or (null) to all; one message after the other, so that each is told in order. */
  #send(projectId: Id | null, { events, id }: Message): void {
    if (this.#count === 0) return;
    const whole = Buffer.from(events + placeOf(id));
    const withoutPlace = Buffer.from(events);
    this.#sending = this.#sending.then(async () => {
      const listeners = projectId === null ? this.#all() : [...(this.#listeners.get(projectId) ?? [])];
      for (let index = 0; index < listeners.length; index += AT_ONCE) {
        for (const listener of listeners.slice(index, index + AT_ONCE)) {
          listener.send(listener.caughtUp ? whole : withoutPlace);
        }
        await setImmediate();
      }
    });
  }

  #wait(listener: ChangeListener): void {
    this.#waiting.push(listener);
    void this.#catchUp();
  }

  /** Those who came back to the same place with the same project are told together: after a restart that is most. */
  async #catchUp(): Promise<void> {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    try {
      while (this.#waiting.length > 0 && !this.#closed) {
        // Only who is here already, and so is told live what comes after it was read.
        const groups = Map.groupBy(this.#waiting, ({ listening: { projectId, lastEventId } }) =>
          JSON.stringify([projectId, lastEventId]),
        );
        for (const [, group] of groups) await this.#tellMissed(group);
      }
    } catch (error) {
      // Away: they wait on, and onLive comes when the database does. Anything else they try again themselves, later.
      if (isUnavailable(error)) return;
      this.#options.log.error({ err: error }, "what listeners missed could not be read");
      for (const listener of this.#waiting.splice(0)) listener.end();
    } finally {
      this.#catchingUp = false;
    }
  }

  async #tellMissed(group: readonly ChangeListener[]): Promise<void> {
    const [{ listening } = { listening: null }] = group;
    if (!listening) return;
    const { projectId, lastEventId } = listening;
    const missed = await readMissed(this.#options.reads(), this.#options.access, projectId, lastEventId ?? "");
    const told = new Set(group);
    this.#waiting = this.#waiting.filter((listener) => !told.has(listener));
    const chunk = Buffer.from(eventOf("ready", {}) + missed.events + placeOf(missed.id));
    for (const listener of group) {
      listener.send(chunk);
      listener.caughtUp = true;
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof PromptlibError && error.code === "database_unavailable";
}
