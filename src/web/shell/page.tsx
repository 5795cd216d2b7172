/** What every page is given and does: who looks at which project, and what the window is called. */
import { useEffect, useRef } from "react";
import type { Identity, Role } from "../../sdk/index.ts";

export interface Access {
  project: string;
  /** As the address names it; null: it names none. */
  named: string | null;
  user: string;
  role: Role | null;
  mayEdit: boolean;
  mayAdmin: boolean;
}

/** What a room (rooms.tsx) is given. */
export interface RoomProps {
  identity: Identity;
  /** null: the person is in no project, or not in the one that the address names. */
  access: Access | null;
  query: Readonly<Record<string, string>>;
}

/** null: the person is in no project, or not in the named one. */
export function accessOf({ name, projects }: Identity, named: string | null): Access | null {
  const first = Object.hasOwn(projects, "default") ? "default" : (Object.keys(projects).sort()[0] ?? null);
  const project = named ?? first;
  const role = project === null ? undefined : projects[project];
  if (project === null || role === undefined) return null;
  const mayAdmin = role === "owner" || role === "admin";
  return { project, named, user: name, role, mayEdit: mayAdmin || role === "editor", mayAdmin };
}

/** Names the window; whoever came from another page is brought to its heading, so that it is read aloud. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Prompt Library`;
  }, [title]);
}

export function useHeadingFocus(place: string): void {
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another place is another page
  useEffect(() => {
    if (!first.current) document.querySelector("h1")?.focus({ preventScroll: true });
    first.current = false;
  }, [place]);
}
