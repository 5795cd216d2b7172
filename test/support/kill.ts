import { identityOf } from "../../src/base/lock.ts";

/** Who is not there, or not any more, is let be. Number 0 would be everything in the test run's own group of processes. */
export function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  if (pid > 0 && identityOf(pid)) process.kill(pid, signal);
}
