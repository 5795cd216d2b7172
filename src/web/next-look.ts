/** When what is shown is looked at again after something was changed. Pure. */

/** What comes together is looked at together. */
const TOGETHER_MS = 1_000;
/** While much is changed, as by an import, it is looked at this often at most … */
const APART_MS = 5_000;
/** … and nobody who looks takes more of the server's time than this part. */
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

export function nextLook({ now, since, lookedAt, took }: Looks): number {
  return Math.max(now + TOGETHER_MS, lookedAt === null ? 0 : lookedAt + APART_MS, (lookedAt ?? since) + took / PART);
}
