/**
 * Whether a child still says that it is alive. One that stands still (stopped, or its event loop hangs) holds its
 * place without filling it: shown after five beats, ended after fifteen. docs/decisions/0013 says why.
 */
import { BEAT_MS } from "./supervision.ts";

/** In beats. Counted, not measured: while the supervisor itself stood still, nobody was late. */
const LATE_AFTER = 5;
const DEAD_AFTER = 15;
/** The first word may take long where everything is slow. */
const FIRST_WORD_WITHIN = 60;

interface PulseEvents {
  late(): void;
  back(): void;
  /** Told again at every beat that is missed from then on. */
  dead(): void;
}

export class Pulse {
  readonly #events: PulseEvents;
  readonly #timer: NodeJS.Timeout;
  #missed = 0;
  #heard = false;
  #late = false;

  constructor(events: PulseEvents) {
    this.#events = events;
    this.#timer = setInterval(() => this.#miss(), BEAT_MS);
  }

  /** Whatever it says, it lives. */
  beat(): void {
    this.#missed = 0;
    this.#heard = true;
    if (!this.#late) return;
    this.#late = false;
    this.#events.back();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #miss(): void {
    this.#missed += 1;
    if (this.#missed > (this.#heard ? DEAD_AFTER : FIRST_WORD_WITHIN)) this.#events.dead();
    else if (this.#missed > LATE_AFTER && this.#heard && !this.#late) {
      this.#late = true;
      this.#events.late();
    }
  }
}
