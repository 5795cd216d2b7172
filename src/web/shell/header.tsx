/** The bar above every page: where one is, who one is. */
import { useRef } from "react";
import type { Identity } from "../../sdk/index.ts";
import { EVERYTHING } from "../address.ts";
import { noteFailure } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { go, Link, useAddress } from "../navigation.tsx";
import { signOut } from "../session.ts";
import { say } from "./notices.tsx";
import { ThemeChoice } from "./theme.tsx";

export function Header({ identity, project }: { identity: Identity; project: string | null }) {
  return (
    <header className="bar">
      <Link className="brand" to={{ at: "library", filter: EVERYTHING }}>
        <span className="mark" aria-hidden="true" />
        <span className="brand-name">Prompt Library</span>
      </Link>
      <Projects identity={identity} project={project} />
      <span className="spring" />
      <Menu name={identity.name} />
    </header>
  );
}

function Projects({ identity, project }: { identity: Identity; project: string | null }) {
  const names = Object.keys(identity.projects).sort();
  const { project: named } = useAddress();
  if (names.length < 2 && (named === null || project !== null)) return null;
  return (
    <label className="bare-select">
      <span className="unseen">Project</span>
      <select
        value={project ?? ""}
        onChange={(event) => go({ project: event.target.value, page: { at: "library", filter: EVERYTHING } })}
      >
        {project === null && <option value="">Choose a project</option>}
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

/** Who one is, and what is one’s own to choose. Closes with Escape, and when the focus leaves it. */
function Menu({ name }: { name: string }) {
  const menu = useRef<HTMLDetailsElement>(null);
  const refused = useWritesRefused();
  const leave = () => signOut().catch((error) => say(`Not signed out: ${noteFailure(error).message}`));
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
      <summary>
        <span className="unseen">You: </span>
        <span className="who-name">{name}</span>
      </summary>
      {/* A click on its ground keeps the focus inside. */}
      <div className="menu-panel" tabIndex={-1}>
        <ThemeChoice />
        <button type="button" disabled={refused !== null} onClick={leave}>
          Sign out
        </button>
        {refused !== null && <p className="hint">{refused}</p>}
      </div>
    </details>
  );
}
