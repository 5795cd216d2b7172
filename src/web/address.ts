/** What the address bar says: which page, of which project, narrowed how. Everything that is worth a link is in it. */
import { nameFault } from "../prompt/names.ts";
import type { ListQuery } from "../sdk/index.ts";

export type Sort = Exclude<NonNullable<ListQuery["sort"]>, "relevance">;

export interface LibraryFilter {
  /** What was typed. */
  search: string;
  folder: string | null;
  tag: string | null;
  label: string | null;
  type: "text" | "chat" | null;
  /** null: the best match first where something is looked for, else by name. */
  sort: Sort | null;
}

/** Pages beside the library, each with one address and a chunk of its own (rooms.tsx). */
export const ROOM_PATHS = {
  import: "/import",
  export: "/export",
  trash: "/trash",
  welcome: "/welcome",
  members: "/members",
  keys: "/keys",
  projects: "/projects",
  users: "/users",
  audit: "/audit",
  maintenance: "/maintenance",
  settings: "/settings",
  recovery: "/recovery",
  system: "/system",
  profile: "/profile",
} as const;

export type RoomName = keyof typeof ROOM_PATHS;

export type Page =
  | { at: "library"; filter: LibraryFilter }
  /** `version` null: the newest. `against`: another one that it is compared with. */
  | { at: "prompt"; name: string; version: number | null; against?: number | null }
  | { at: "new" }
  /** `query`: what the room narrows itself to, or looks at. */
  | { at: "room"; room: RoomName; query: Readonly<Record<string, string>> }
  | { at: "nowhere" };

export interface Address {
  /** null: the project that the person is in, `default` before others. */
  project: string | null;
  page: Page;
}

export const EVERYTHING: LibraryFilter = {
  search: "",
  folder: null,
  tag: null,
  label: null,
  type: null,
  sort: null,
};

const ROOMS_BY_PATH = new Map(Object.entries(ROOM_PATHS).map(([room, path]) => [path as string, room as RoomName]));

const SORTS: readonly string[] = ["name", "-name", "updated", "-updated"] satisfies Sort[];

/** `path` and `search` as a browser's location has them. What makes no sense is left out. */
export function parseAddress(path: string, search: string): Address {
  const query = new URLSearchParams(search);
  return { project: query.get("project") || null, page: parsePage(path, query) };
}

function parsePage(path: string, query: URLSearchParams): Page {
  if (path === "/") return { at: "library", filter: parseFilter(query) };
  if (path === "/new") return { at: "new" };
  const room = ROOMS_BY_PATH.get(path);
  if (room) return { at: "room", room, query: parseRoomQuery(query) };
  const name = path.startsWith("/prompts/") ? parseName(path.slice("/prompts/".length)) : null;
  if (name === null) return { at: "nowhere" };
  const against = parseVersion(query.get("against"));
  return { at: "prompt", name, version: parseVersion(query.get("version")), ...(against === null ? {} : { against }) };
}

function parseRoomQuery(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...query].filter(([key]) => key !== "project"));
}

function parseVersion(text: string | null): number | null {
  return /^[1-9]\d{0,8}$/.test(text ?? "") ? Number(text) : null;
}

/** Folders are folders here, too: `mail/welcome` is /prompts/mail/welcome, and what a proxy unpacks is the same. */
function parseName(path: string): string | null {
  try {
    const name = decodeURIComponent(path).normalize("NFC");
    return nameFault(name) === null ? name : null;
  } catch {
    return null;
  }
}

function parseFilter(query: URLSearchParams): LibraryFilter {
  const type = query.get("type");
  const sort = query.get("sort") ?? "";
  return {
    search: query.get("search") ?? "",
    folder: query.get("folder") || null,
    tag: query.get("tag") || null,
    label: query.get("label") || null,
    type: type === "text" || type === "chat" ? type : null,
    sort: SORTS.includes(sort) ? (sort as Sort) : null,
  };
}

export function printAddress({ project, page }: Address): string {
  const query = new URLSearchParams();
  const path = printPage(page, query);
  if (project !== null) query.set("project", project);
  return query.size === 0 ? path : `${path}?${query}`;
}

function printPage(page: Page, query: URLSearchParams): string {
  switch (page.at) {
    case "library":
      for (const [key, value] of Object.entries(page.filter)) {
        if (value !== null && value !== EVERYTHING[key as keyof LibraryFilter]) query.set(key, value);
      }
      return "/";
    case "prompt":
      if (page.version !== null) query.set("version", String(page.version));
      if (page.against) query.set("against", String(page.against));
      return `/prompts/${page.name.split("/").map(encodeURIComponent).join("/")}`;
    case "new":
      return "/new";
    case "room":
      for (const [key, value] of Object.entries(page.query)) query.set(key, value);
      return ROOM_PATHS[page.room];
    case "nowhere":
      return "/";
  }
}
