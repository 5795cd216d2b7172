/** What every page is given and does: who looks at which project, and what the window is called. */
import { useCallback, useEffect, useRef } from "react";
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
  const role = project !== null && Object.hasOwn(projects, project) ? projects[project] : undefined;
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

/** Answers what is to be called as soon as a heading is there that was not yet: of a page that was still on its way. */
export function useHeadingFocus(place: string): () => void {
  const last = useRef(place);
  const isDue = useRef(false);
  const focus = useCallback(() => {
    const heading = isDue.current ? document.querySelector("h1") : null;
    if (!heading) return;
    isDue.current = false;
    heading.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    isDue.current = place !== last.current;
    last.current = place;
    focus();
  }, [place, focus]);
  return focus;
}
