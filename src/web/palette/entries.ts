/** What the palette offers: pages and deeds that one may see, and prompts by what is typed. */
import { useEffect, useState } from "react";
import { type Address, EVERYTHING, type RoomName } from "../address.ts";
import { clientOf, noteFailure, noteSource } from "../calls.ts";
import { ROOMS } from "../rooms.tsx";
import type { Access, RoomProps } from "../shell/page.tsx";
import type { Entry } from "./matching.ts";

export function placesOf({ identity, access }: Pick<RoomProps, "identity" | "access">): Entry[] {
  const project = access?.named ?? null;
  const library = (filter: Partial<typeof EVERYTHING>): Address => ({
    project,
    page: { at: "library", filter: { ...EVERYTHING, ...filter } },
  });
  const rooms = (Object.keys(ROOMS) as RoomName[]).filter((room) => ROOMS[room].isFor({ identity, access }));
  const others = Object.keys(identity.projects).filter((name) => name !== access?.project);
  return [
    ...(access?.mayEdit
      ? [
          {
            key: "new",
            title: "New prompt",
            kind: "do",
            words: "write create add",
            to: { project, page: { at: "new" as const } },
          },
        ]
      : []),
    { key: "library", title: "Library", kind: "page", words: "all prompts list search", to: library({}) },
    {
      key: "recent",
      title: "Last changed prompts",
      kind: "page",
      words: "recent updated",
      to: library({ sort: "-updated" }),
    },
    {
      key: "production",
      title: "Prompts in production",
      kind: "page",
      words: "label",
      to: library({ label: "production" }),
    },
    ...rooms.map((room) => ({
      key: `room ${room}`,
      title: ROOMS[room].title,
      kind: "page",
      to: { project, page: { at: "room" as const, room, query: {} } },
    })),
    ...others.sort().map((name) => ({
      key: `project ${name}`,
      title: name,
      kind: "project",
      words: "switch",
      to: { project: name, page: { at: "library" as const, filter: EVERYTHING } },
    })),
  ];
}

const TYPING_MS = 100;
const FOUND = 20;

interface Found {
  /** While it is looked for others, those that were found before. */
  entries: Entry[];
  state: "idle" | "looking" | "failed";
}

const NOTHING: Found = { entries: [], state: "idle" };

/** Prompts by name, as they are typed; without anything typed, the last changed. */
export function usePrompts(access: Access | null, typed: string): Found {
  const [answer, setAnswer] = useState({ key: "", ...NOTHING });
  const { project, named } = access ?? { project: null, named: null };
  const wanted = typed.trim();
  const key = JSON.stringify([project, wanted]);
  useEffect(() => {
    if (project === null) return;
    let over = false;
    const look = async () => {
      try {
        const query = wanted === "" ? { sort: "-updated" as const } : { search: wanted, in: "names" as const };
        const { items } = noteSource(
          await clientOf(project).listPrompts({ ...query, limit: wanted === "" ? 8 : FOUND }),
        );
        if (!over) setAnswer({ key, entries: items.map(({ name }) => entryOf(name, named)), state: "idle" });
      } catch (error) {
        noteFailure(error);
        if (!over) setAnswer({ key, entries: [], state: "failed" });
      }
    };
    const timer = setTimeout(look, TYPING_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [project, named, wanted, key]);
  if (project === null) return NOTHING;
  return answer.key === key ? answer : { entries: answer.entries, state: "looking" };
}

function entryOf(name: string, project: string | null): Entry {
  return {
    key: `prompt ${name}`,
    title: name,
    kind: "prompt",
    to: { project, page: { at: "prompt", name, version: null } },
  };
}
