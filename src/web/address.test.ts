import fc from "fast-check";
import { expect, it } from "vitest";
import { nameFault } from "../prompt/names.ts";
import { type Address, EVERYTHING, parseAddress, printAddress, ROOM_PATHS, type RoomName } from "./address.ts";

const roundTrip = (address: Address) => {
  const { pathname, search } = new URL(printAddress(address), "http://127.0.0.1");
  return parseAddress(pathname, search);
};

it("a prompt of any name is found again at its address", () => {
  const names = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .map((name) => name.normalize("NFC"))
    .filter((name) => nameFault(name) === null);
  fc.assert(
    fc.property(names, fc.option(fc.integer({ min: 1, max: 999_999_999 })), (name, version) => {
      const address: Address = { project: "other", page: { at: "prompt", name, version } };
      expect(roundTrip(address)).toEqual(address);
    }),
  );
});

it("a name whose slashes a proxy packed, or unpacked, is the same prompt", () => {
  const page = { at: "prompt", name: "mail/für/100%", version: null };
  expect(parseAddress("/prompts/mail/f%C3%BCr/100%25", "").page).toEqual(page);
  expect(parseAddress("/prompts/mail%2Ff%C3%BCr%2F100%25", "").page).toEqual(page);
});

it("two versions side by side are one address", () => {
  const address: Address = { project: null, page: { at: "prompt", name: "a/b", version: 3, against: 1 } };
  expect(printAddress(address)).toBe("/prompts/a/b?version=3&against=1");
  expect(roundTrip(address)).toEqual(address);
});

it("a room keeps what it looks at in its address", () => {
  for (const room of Object.keys(ROOM_PATHS) as RoomName[]) {
    const address: Address = { project: "other", page: { at: "room", room, query: { at: "a & b" } } };
    expect(roundTrip(address)).toEqual(address);
  }
});

it("the list says in its address everything it is narrowed to, and nothing when it is not", () => {
  const filter = {
    search: 'a "b" & c',
    folder: "mail/ü",
    tag: "für alle",
    label: "production",
    type: "chat",
    sort: "-updated",
  } as const;
  const address: Address = { project: null, page: { at: "library", filter } };
  expect(roundTrip(address)).toEqual(address);
  expect(printAddress({ project: null, page: { at: "library", filter: EVERYTHING } })).toBe("/");
});

it.each([
  ["/prompts/", ""],
  ["/prompts/a//b", ""],
  ["/prompts/%E0%A4%A", ""],
  ["/prompts/../x", ""],
  ["/elsewhere", ""],
])("%s leads nowhere", (path, search) => {
  expect(parseAddress(path, search).page.at).toBe("nowhere");
});

it("what makes no sense in an address is left out", () => {
  expect(parseAddress("/", "?type=poem&sort=relevance&label=&project=").page).toEqual({
    at: "library",
    filter: EVERYTHING,
  });
  expect(parseAddress("/prompts/a", "?version=-3").page).toEqual({ at: "prompt", name: "a", version: null });
});
