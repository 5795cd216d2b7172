/**
 * Where drafts are kept in the browser until they are saved or thrown away. Several tabs write here at once: each write
 * bears a stamp, and whoever finds another stamp than the one he saw last makes a draft of his own instead.
 */
import { type Draft, isDraft } from "./draft.ts";

export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/** Each person has drafts of the own, also where a browser is shared. `name` null: of a new prompt. */
export interface DraftPlace {
  user: string;
  project: string;
  name: string | null;
}

export interface KeptDraft {
  id: string;
  stamp: string;
  /** When it was written, in ms since 1970. */
  at: number;
  draft: Draft;
}

const PREFIX = "promptlib.draft.";

function keyOf({ user, project, name }: DraftPlace, id: string): string {
  return `${PREFIX}${JSON.stringify([user, project, name, id])}`;
}

/** null: none, or none that can be read. */
export function readDraft(shelf: Shelf, place: DraftPlace, id: string): KeptDraft | null {
  try {
    const value = JSON.parse(shelf.getItem(keyOf(place, id)) ?? "null");
    const { stamp, at, draft } = value ?? {};
    return typeof stamp === "string" && typeof at === "number" && isDraft(draft) ? { id, stamp, at, draft } : null;
  } catch {
    return null;
  }
}

/** All of one place, the last written first. */
export function draftsAt(shelf: Shelf, place: DraftPlace): KeptDraft[] {
  return placesOf(shelf)
    .filter((found) => isSamePlace(found.place, place))
    .map(({ id }) => readDraft(shelf, place, id))
    .filter((kept) => kept !== null)
    .sort((a, b) => b.at - a.at);
}

/** All that a person wrote in a project and did not save, the last written first. */
export function draftsOf(shelf: Shelf, user: string, project: string): (KeptDraft & { name: string | null })[] {
  return placesOf(shelf)
    .filter(({ place }) => place.user === user && place.project === project)
    .map(({ place, id }) => {
      const kept = readDraft(shelf, place, id);
      return kept && { ...kept, name: place.name };
    })
    .filter((kept) => kept !== null)
    .sort((a, b) => b.at - a.at);
}

/**
 * `seen`: as it was when this tab wrote or read it last; null: it is new. The answer may have another id. `isKept`
 * false: this browser keeps nothing, or is full; the stamp is then that of what is there before, so that it can be
 * written over and thrown away later.
 */
export function keepDraft(
  shelf: Shelf,
  place: DraftPlace,
  seen: Pick<KeptDraft, "id" | "stamp"> | null,
  draft: Draft,
): { kept: KeptDraft; isKept: boolean } {
  const there = seen && readDraft(shelf, place, seen.id);
  const isOurs = there === null || there.stamp === seen?.stamp;
  const kept = { id: seen && isOurs ? seen.id : newId(), stamp: newId(), at: Date.now(), draft };
  const { id, ...rest } = kept;
  try {
    shelf.setItem(keyOf(place, id), JSON.stringify(rest));
    return { kept, isKept: true };
  } catch {
    return { kept: { ...kept, stamp: (isOurs && there?.stamp) || kept.stamp }, isKept: false };
  }
}

/** Not what another tab wrote since. */
export function dropDraft(shelf: Shelf, place: DraftPlace, { id, stamp }: Pick<KeptDraft, "id" | "stamp">): void {
  const there = readDraft(shelf, place, id);
  if (there === null || there.stamp !== stamp) return;
  try {
    shelf.removeItem(keyOf(place, id));
  } catch {
    // a browser that refuses storage holds none
  }
}

/** The prompt is called otherwise now. */
export function moveDrafts(shelf: Shelf, from: DraftPlace, name: string): void {
  for (const { id } of draftsAt(shelf, from)) {
    const text = shelf.getItem(keyOf(from, id));
    if (text === null) continue;
    try {
      // First away, then there: for a moment both would not fit into a browser that is nearly full.
      shelf.removeItem(keyOf(from, id));
      shelf.setItem(keyOf({ ...from, name }, id), text);
    } catch {
      shelf.setItem(keyOf(from, id), text);
    }
  }
}

/** To this tab alone: the browser tells the others. */
const PUT = "promptlib-draft";

/** This tab put it there for a page that may be shown no more; whoever shows the shelf now looks again. */
export function announceDraft(place: DraftPlace, id: string): void {
  dispatchEvent(new CustomEvent(PUT, { detail: keyOf(place, id) }));
}

/** `heard` of what other tabs do to the shelf, and of what is announced here; null: about none, or all. Answers the end of it. */
export function listenToDrafts(heard: (about: ReturnType<typeof placeOfKey>) => void): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  addEventListener("storage", ({ key }) => heard(placeOfKey(key ?? "")), { signal });
  addEventListener(PUT, (event) => heard(placeOfKey(String((event as CustomEvent).detail))), { signal });
  return () => listening.abort();
}

/** Which draft a key of the shelf is about; null: none. */
export function placeOfKey(key: string): { place: DraftPlace; id: string } | null {
  if (!key.startsWith(PREFIX)) return null;
  try {
    const [user, project, name, id] = JSON.parse(key.slice(PREFIX.length));
    const isPlace = typeof user === "string" && typeof project === "string" && typeof id === "string";
    return isPlace && (name === null || typeof name === "string") ? { place: { user, project, name }, id } : null;
  } catch {
    return null;
  }
}

export function isSamePlace(one: DraftPlace, other: DraftPlace): boolean {
  return one.user === other.user && one.project === other.project && one.name === other.name;
}

function placesOf(shelf: Shelf): { place: DraftPlace; id: string }[] {
  try {
    const keys = Array.from({ length: shelf.length }, (_, index) => shelf.key(index) ?? "");
    return keys.map(placeOfKey).filter((found) => found !== null);
  } catch {
    return [];
  }
}

function newId(): string {
  // randomUUID is there on HTTPS and loopback alone.
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
