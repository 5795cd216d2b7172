/**
 * A disk or a share that hangs gives no answer for as long as it likes, and each deed that waits for it takes a thread
 * along. So nobody waits for long, and as long as one deed hangs its folder is asked nothing else, but for one deed every
 * few minutes: what was mounted anew answers, while what hung on the old one hangs for ever.
 */
import { monotonic } from "../base/clock.ts";

const AGAIN_MS = 300_000;
/** So many threads one folder may take. */
const MOST = 4;

interface Hang {
  deeds: number;
  /** When it was last asked. */
  at: number;
  /** It has answered another deed since. */
  answers: boolean;
}

/** By path. Of the process: who opens a folder anew would hang there anew. */
const hanging = new Map<string, Hang>();

/**
 * What `deed` answers; after `patience` ms, and at once where another deed hangs at the path, an error of the operating
 * system (ETIMEDOUT). `late` is given what a deed answered that nobody waits for any more; it must not throw.
 */
export async function patiently<T>(
  path: string,
  deed: () => Promise<T>,
  { patience, late = () => {} }: { patience: number; late?: ((value: T) => void) | undefined },
): Promise<T> {
  const before = hanging.get(path);
  if (before) admit(path, before);
  const { promise: tooLong, reject } = Promise.withResolvers<never>();
  let own: Hang | null = null;
  const timer = setTimeout(() => {
    own = hanging.get(path) ?? { deeds: 0, at: 0, answers: false };
    hanging.set(path, Object.assign(own, { deeds: own.deeds + 1, at: monotonic(), answers: false }));
    reject(noAnswer(path));
  }, patience);
  const over = () => {
    clearTimeout(timer);
    if (own) own.deeds -= 1;
    else if (before) before.answers = true;
    if (own?.deeds === 0) hanging.delete(path);
  };
  const work = deed();
  work.then(
    (value) => {
      over();
      if (own) late(value);
    },
    over, // told below, unless nobody waits any more
  );
  return await Promise.race([work, tooLong]);
}

function admit(path: string, hang: Hang): void {
  const isTime = hang.answers || monotonic() - hang.at >= AGAIN_MS;
  if (hang.deeds >= MOST || !isTime) throw noAnswer(path);
  hang.at = monotonic();
}

function noAnswer(path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${path} does not answer`), { code: "ETIMEDOUT", syscall: "wait" });
}
