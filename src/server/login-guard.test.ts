/** The guard alone; through the server it is tried in login.test.ts. */
import { createHook } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { LoginGuard } from "./login-guard.ts";

describe("an address that used up its attempts", () => {
  it("leaves nothing in memory, however many further names it tries", async () => {
    const guard = new LoginGuard();
    const guess = (name: string) => guard.guard(name, "192.0.2.1", async () => null);
    for (let number = 0; number < 100; number += 1) await guess(`name-${number}`);
    // Whatever is remembered has a timer that forgets it again.
    let timers = 0;
    const hook = createHook({
      init(_id, type) {
        if (type === "Timeout") timers += 1;
      },
    }).enable();
    for (let number = 0; number < 50; number += 1) {
      await expect(guess(`further-${number}`)).rejects.toMatchObject({ code: "too_many_attempts" });
    }
    hook.disable();
    expect(timers).toBeLessThan(10);
  });
});
