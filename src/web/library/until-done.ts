/** What could not be done now is tried again, the later the more often it failed, until it is done or nobody asks for it. */
import { backOff, waited } from "../../sdk/back-off.ts";

export async function untilDone(attempt: () => Promise<"done" | "later">, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    if ((await attempt()) === "done") return;
    await waited(backOff(failures), signal);
  }
}
