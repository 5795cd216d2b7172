/** The bar above every page: where one is, who one is. */
import { memo, type ReactNode, useEffect, useId, useRef } from "react";
import type { Identity } from "../../sdk/index.ts";
import { EVERYTHING, type RoomName } from "../address.ts";
import { noteFailure } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { go, Link, useAddress, useOfAddress } from "../navigation.tsx";
import { PaletteKey } from "../palette/palette-key.tsx";
import { ROOMS, type Room } from "../rooms.tsx";
import { signOut } from "../session.ts";
import { say } from "./notices.tsx";
import type { RoomProps } from "./page.tsx";
import { ThemeChoice } from "./theme.tsx";

export const Header = memo(function Header({ identity, access }: Pick<RoomProps, "identity" | "access">) {
  const isLibrary = useOfAddress(({ page }) => page.at === "library");
  const who = { identity, access };
  return (
    <header className="bar">
      <Link className="brand" to={{ at: "library", filter: EVERYTHING }}>
        <span className="mark" aria-hidden="true" />
        <span className="brand-name">Prompt Library</span>
      </Link>
      <Projects identity={identity} project={access?.project ?? null} />
      <span className="spring" />
      <PaletteKey identity={identity} access={access} />
      <Menu title="Go to">
        <nav aria-label="Pages">
          <Link to={{ at: "library", filter: EVERYTHING }} {...current(isLibrary)}>
            Library
          </Link>
          <Rooms group="project" title={access ? `Project ${access.project}` : "Project"} who={who} />
          <Rooms group="library" title="All of it" who={who} />
        </nav>
      </Menu>
      <You who={who} />
    </header>
  );
});

interface RoomsProps {
  group: NonNullable<Room["group"]>;
  /** Left out: they stand without a heading. */
  title?: string;
  who: Pick<RoomProps, "identity" | "access">;
}

function Rooms({ group, title, who }: RoomsProps) {
  const id = useId();
  const here = useOfAddress(({ page }) => (page.at === "room" ? page.room : null));
  const rooms = (Object.keys(ROOMS) as RoomName[]).filter(
    (room) => (ROOMS[room].group ?? "project") === group && ROOMS[room].isFor(who),
  );
  if (rooms.length === 0) return null;
  const links = rooms.map((room) => (
    <Link key={room} to={{ at: "room", room, query: {} }} {...current(room === here)}>
      {ROOMS[room].title}
    </Link>
  ));
  if (title === undefined) return links;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    <div role="group" aria-labelledby={id}>
      <p id={id} className="menu-heading">
        {title}
      </p>
      {links}
    </div>
  );
}

const LIBRARY = { at: "library" as const, filter: EVERYTHING };

function Projects({ identity, project }: { identity: Identity; project: string | null }) {
  const names = Object.keys(identity.projects).sort();
  const named = useOfAddress(({ project }) => project);
  // Whoever looks at the members of one project looks at those of the other next.
  const next = useOfAddress(({ page }) => (page.at === "room" ? page : LIBRARY));
  if (names.length < 2 && (named === null || project !== null)) return null;
  return (
    <label className="bare-select">
      <span className="unseen">Project</span>
      <select value={project ?? ""} onChange={(event) => go({ project: event.target.value, page: next })}>
        {project === null && <option value="">Choose a project</option>}
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

const current = (is: boolean) => (is ? { "aria-current": "page" as const } : {});

/** Who one is, and what is one’s own to choose. */
function You({ who }: Pick<RoomsProps, "who">) {
  const refused = useWritesRefused();
  const leave = () => signOut().catch((error) => say(`Not signed out: ${noteFailure(error).message}`));
  const title = (
    <>
      <span className="unseen">You: </span>
      <span className="who-name">{who.identity.name}</span>
    </>
  );
  return (
    <Menu title={title}>
      <nav aria-label="Your own">
        <Rooms group="you" who={who} />
      </nav>
      <ThemeChoice />
      <button type="button" disabled={refused !== null} onClick={leave}>
        Sign out
      </button>
      {refused !== null && <p className="hint">{refused}</p>}
    </Menu>
  );
}

/** Closes with Escape, when the focus leaves it, and when a link in it is followed. */
export function Menu({ title, children }: { title: ReactNode; children: ReactNode }) {
  const menu = useRef<HTMLDetailsElement>(null);
  const address = useAddress();
  // biome-ignore lint/correctness/useExhaustiveDependencies: elsewhere is another address
  useEffect(() => {
    if (menu.current) menu.current.open = false;
  }, [address]);
  return (
    <details
      ref={menu}
      className="menu"
      onBlur={(event) => {
        if (menu.current && !menu.current.contains(event.relatedTarget)) menu.current.open = false;
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !menu.current?.open) return;
        menu.current.open = false;
        menu.current.querySelector("summary")?.focus();
      }}
    >
      <summary>{title}</summary>
      {/* A click on its ground keeps the focus inside. */}
      <div className="menu-panel" tabIndex={-1}>
        {children}
      </div>
    </details>
  );
}
