/** How long to leave a server alone that did not answer well. */

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** Also who asks for more is asked again after this. */
const LONGEST_ASKED_MS = 300_000;

/** Milliseconds, after so many failures in a row before; `asked`: what Retry-After says. */
export function backOff(failures: number, asked = 0): number {
  const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
  // Spread, so that the clients of a server that comes back do not all arrive at once.
  return Math.max(wait * (0.5 + Math.random()), Math.min(asked, LONGEST_ASKED_MS) * (1 + Math.random() / 4));
}

/** Waits, or less when the signal says so. */
export async function waited(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });
}
