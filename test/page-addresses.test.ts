import { expect, it } from "vitest";
import { PAGE_ADDRESSES } from "../src/server/pages.ts";
import { ROOM_PATHS } from "../src/web/address.ts";

it("the server answers the pages at every address that they have", () => {
  expect(PAGE_ADDRESSES).toEqual(expect.arrayContaining(Object.values(ROOM_PATHS)));
});
