/** The library: all prompts of a project, narrowed as one types; what it is narrowed to is in the address. */
import { type MouseEvent, useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import { EVERYTHING, type LibraryFilter } from "../address.ts";
import { BulkBar } from "../bulk/bulk-bar.tsx";
import { useSelection } from "../bulk/selection.ts";
import { go, Link } from "../navigation.tsx";
import { Failure } from "../shell/failure.tsx";
import { type Access, useTitle } from "../shell/page.tsx";
import { ChooseAll } from "./choose-all.tsx";
import { Filters } from "./filters.tsx";
import { Folders } from "./folders.tsx";
import { useFollowing } from "./following.ts";
import { useListing } from "./listing.ts";
import { PromptRows } from "./prompt-rows.tsx";
import { Unsaved } from "./unsaved.tsx";

/** The address, and with it the list, follows what is typed at once, but not more often: Safari lets it be written 100 times in 10 s. */
const APART_MS = 100;

export function LibraryPage({ access, filter }: { access: Access; filter: LibraryFilter }) {
  useTitle(filter.folder ?? "Library");
  const [typed, setTyped] = useTyped(access.named, filter);
  const asked = useMemo(() => ({ ...filter, search: filter.search.trim() }), [filter]);
  const listing = useListing(access.project, asked);
  const { items, more, error, loading, isOld } = listing;
  const selection = useSelection();
  const list = useRef<HTMLDivElement>(null);
  useFollowing(listing, list);
  const loadAnew = ({ detail }: MouseEvent) => {
    // The button goes: who pressed it by keyboard stays in the list all the same.
    if (detail === 0) list.current?.querySelector<HTMLElement>(".count")?.focus();
    listing.reload();
  };
  const change = useChange(access.named, filter, typed);
  const open = useCallback((folder: string | null) => change({ folder }), [change]);
  const showTagged = useCallback((tag: string) => change({ tag }), [change]);
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>{filter.folder === null ? "Library" : filter.folder}</h1>
        {access.mayEdit && (
          <div className="buttons">
            <Link className="button" to={{ at: "room", room: "import", query: {} }}>
              Import
            </Link>
            <Link className="button primary" to={{ at: "new" }}>
              New prompt
            </Link>
          </div>
        )}
      </div>
      {access.mayEdit && <Unsaved access={access} />}
      <Filters project={access.project} filter={filter} typed={typed} onType={setTyped} onChange={change} />
      <div className="with-folders">
        <Folders project={access.project} folder={filter.folder} onOpen={open} />
        <div ref={list}>
          <div className="list-head">
            <Count listing={listing} />
            <span role="status">
              {listing.isBehind && (
                <button type="button" className="link" onClick={loadAnew}>
                  Show the changes
                </button>
              )}
            </span>
            {access.mayEdit && items.length > 0 && (
              <ChooseAll project={access.project} filter={asked} listing={listing} selection={selection} />
            )}
          </div>
          {error && (
            <div className="stack">
              <Failure error={error} what="The list could not be loaded." />
              <div className="buttons">
                <button type="button" onClick={loadAnew}>
                  Try again
                </button>
              </div>
            </div>
          )}
          <PromptRows
            rows={items}
            total={listing.totalIsExact ? listing.total : items.length}
            isOld={isOld}
            selection={access.mayEdit ? selection : null}
            onEnd={more}
            onTag={showTagged}
          />
          {!loading && !error && items.length === 0 && (
            <Nothing access={access} isFiltered={asked.search !== "" || !isEverything(filter)} />
          )}
          <BulkBar access={access} selection={selection} onChanged={listing.reload} />
        </div>
      </div>
    </>
  );
}

function isEverything({ folder, tag, label, type }: LibraryFilter): boolean {
  return folder === null && tag === null && label === null && type === null;
}

type Change = (part: Partial<LibraryFilter>) => void;

/** Always the same function: what is given it need not be drawn anew with each letter. */
function useChange(project: string | null, filter: LibraryFilter, typed: string): Change {
  const present = useRef({ project, filter, typed });
  useLayoutEffect(() => {
    present.current = { project, filter, typed };
  });
  return useCallback((part) => {
    const { project, filter, typed } = present.current;
    go({ project, page: { at: "library", filter: { ...filter, search: typed, ...part } } });
  }, []);
}

/** What is typed shows at once; address and list follow, in the same moment if they may. */
function useTyped(project: string | null, filter: LibraryFilter): [string, (typed: string) => void] {
  const [typed, setTyped] = useState(filter.search);
  const written = useRef(filter.search);
  const nextAt = useRef(Number.NEGATIVE_INFINITY);
  const write = useCallback(
    (search: string) => {
      written.current = search;
      nextAt.current = performance.now() + APART_MS;
      go({ project, page: { at: "library", filter: { ...filter, search } } }, { replace: true });
    },
    [project, filter],
  );
  const type = useCallback(
    (next: string) => {
      setTyped(next);
      if (performance.now() >= nextAt.current) write(next);
    },
    [write],
  );
  useEffect(() => {
    if (typed === written.current) return;
    const timer = setTimeout(() => write(typed), nextAt.current - performance.now());
    return () => clearTimeout(timer);
  }, [typed, write]);
  // Somebody went back, or followed a link.
  useEffect(() => {
    if (filter.search === written.current) return;
    written.current = filter.search;
    setTyped(filter.search);
  }, [filter.search]);
  return [typed, type];
}

function Count({ listing }: { listing: ReturnType<typeof useListing> }) {
  const { isFirst, error, total, totalIsExact, corrected } = listing;
  const prompts = `${total.toLocaleString("en")} ${total === 1 ? "prompt" : "prompts"}`;
  return (
    <p className="count" role="status" tabIndex={-1}>
      {isFirst ? !error && "Loading …" : totalIsExact ? prompts : `more than ${prompts}`}
      {!isFirst &&
        corrected.map(({ word, taken }) => (
          <span key={word}>
            {" "}
            · nothing has “<bdi>{word}</bdi>”; looked for {taken.join(", ")}
          </span>
        ))}
    </p>
  );
}

function Nothing({ access, isFiltered }: { access: Access; isFiltered: boolean }) {
  const id = useId();
  if (isFiltered) {
    return (
      <section className="empty" aria-labelledby={id}>
        <h2 id={id}>Nothing matches</h2>
        <p>No prompt of this project has all that you ask for.</p>
        <Link className="button" to={{ at: "library", filter: EVERYTHING }}>
          Show all prompts
        </Link>
      </section>
    );
  }
  return (
    <section className="empty" aria-labelledby={id}>
      {access.mayAdmin && <FirstSteps access={access} />}
      <h2 id={id}>No prompts yet</h2>
      {access.mayEdit ? (
        <>
          <p>
            Write the first one here, or{" "}
            <Link to={{ at: "room", room: "import", query: {} }}>bring along what you have</Link>.
          </p>
          <Link className="button primary" to={{ at: "new" }}>
            Write the first prompt
          </Link>
        </>
      ) : (
        <p>Nobody has saved one in this project.</p>
      )}
    </section>
  );
}

/** Who begins a library is led to the first steps, once; later they stand in the menu. */
function FirstSteps({ access: { named } }: { access: Access }) {
  useEffect(() => {
    if (wasWelcomed) return;
    wasWelcomed = true;
    go({ project: named, page: { at: "room", room: "welcome", query: {} } }, { replace: true });
  }, [named]);
  return null;
}

let wasWelcomed = false;
