/**
 * A disk or a share that hangs gives no answer for as long as it likes, and each deed that waits for it takes a thread
 * along. So nobody waits for long, and as long as one deed hangs its folder is asked nothing else.
 */

/** Paths, and how many deeds hang there. Of the process: who opens a folder anew would hang there anew. */
const hanging = new Map<string, number>();

/**
 * What `deed` answers; after `patience` ms, and at once where another deed hangs at the path, an error of the operating
 * system (ETIMEDOUT). `late` is given what a deed answered that nobody waits for any more; it must not throw.
 */
export async function patiently<T>(
  path: string,
  deed: () => Promise<T>,
  { patience, late = () => {} }: { patience: number; late?: ((value: T) => void) | undefined },
): Promise<T> {
  if (hanging.has(path)) throw noAnswer(path);
  const { promise: tooLong, reject } = Promise.withResolvers<never>();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    hanging.set(path, (hanging.get(path) ?? 0) + 1);
    reject(noAnswer(path));
  }, patience);
  const work = deed();
  const over = () => {
    clearTimeout(timer);
    if (!isLate) return;
    const others = (hanging.get(path) ?? 1) - 1;
    if (others > 0) hanging.set(path, others);
    else hanging.delete(path);
  };
  work.then(
    (value) => {
      over();
      if (isLate) late(value);
    },
    over, // told below, unless nobody waits any more
  );
  return await Promise.race([work, tooLong]);
}

function noAnswer(path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${path} does not answer`), { code: "ETIMEDOUT", syscall: "wait" });
}
