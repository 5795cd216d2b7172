/** When what is shown is looked at again after something was changed. Pure. */

export interface Pace {
  /** What comes within so much is looked at together, in ms … */
  together: number;
  /** … and while much is changed, it is looked at this often at most. */
  apart: number;
}

/** What is about one prompt that is looked at. */
export const CLOSE: Pace = { together: 200, apart: 1_000 };
/** What is about the whole project: an import changes much of it. */
export const CALM: Pace = { together: 1_000, apart: 5_000 };
/** Nobody who looks takes more of the server's time than this part. */
const PART = 1 / 100;

interface Looks {
  /** All in ms. */
  now: number;
  /** It is shown since. */
  since: number;
  /** null: it was not looked at again yet. */
  lookedAt: number | null;
  /** How long it took the last time. */
  took: number;
}

export function nextLook({ now, since, lookedAt, took }: Looks, { together, apart }: Pace): number {
  return Math.max(now + together, lookedAt === null ? 0 : lookedAt + apart, (lookedAt ?? since) + took / PART);
}
