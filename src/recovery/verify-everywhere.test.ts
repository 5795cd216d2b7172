import { rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asMounted, makePlaces, type Place, storeBackup, storeClaim } from "./testing/verify-fixture.ts";
import { verifyEverywhere } from "./verify-everywhere.ts";

const ID = "20261122T060000Z-7f3a";
const signal = new AbortController().signal;

let first: Place;
let second: Place;
let remove: () => Promise<void>;
beforeEach(async () => {
  const made = await makePlaces(["primary", "secondary"]);
  [first, second] = made.places as [Place, Place];
  remove = made.remove;
  for (const place of [first, second]) await storeClaim(place, { number: 1 });
});
afterEach(() => remove());

const verify = (id: string | null = null, onProgress = (_location: string) => {}) =>
  verifyEverywhere([asMounted(first), asMounted(second)], id, { signal, onProgress });

function unmount({ root }: Place): void {
  rmSync(root, { recursive: true, force: true });
}

describe("a backup in two locations", () => {
  it("is read back from both", async () => {
    await storeBackup([first, second], { id: ID });
    expect(await verify()).toMatchObject({
      ...{ backup: ID, ok: true, notVerified: [] },
      reports: [{ location: "primary" }, { location: "secondary" }],
    });
  });

  it("of which one is away is read back from the other, and the one that is away is named with its reason", async () => {
    await storeBackup([first, second], { id: ID });
    unmount(second);
    const { reports, notVerified } = await verify();
    expect(reports).toMatchObject([{ location: "primary", ok: true }]);
    expect(notVerified).toEqual([
      { location: "secondary", problem: expect.stringContaining("The location secondary (") },
    ]);
  });

  it("of which one goes away meanwhile is told as it was found in the other", async () => {
    await storeBackup([first, second], { id: ID });
    const { reports, notVerified } = await verify(ID, (location) => {
      if (location === "primary") unmount(second);
    });
    expect(reports).toMatchObject([{ location: "primary", ok: true }]);
    expect(notVerified).toMatchObject([{ location: "secondary" }]);
  });

  it("that is found nowhere may lie in the one that is away: that is said, and not that there is none", async () => {
    unmount(second);
    await expect(verify()).rejects.toMatchObject({
      code: "location_unavailable",
      message: expect.stringMatching(/^No backup was found\. The location secondary \(/),
    });
    await expect(verify(ID)).rejects.toMatchObject({
      code: "location_unavailable",
      message: expect.stringContaining(`The backup ${ID} was not found.`),
    });
  });

  it("is none where both were looked through", async () => {
    await expect(verify()).rejects.toMatchObject({ code: "backup_not_found", message: "There is no backup yet." });
    await expect(verify(ID)).rejects.toMatchObject({ code: "backup_not_found" });
  });
});
