/** The library: all prompts of a project, narrowed as one types; what it is narrowed to is in the address. */
import { useDeferredValue, useEffect, useId, useMemo, useRef, useState } from "react";
import { EVERYTHING, type LibraryFilter } from "../address.ts";
import { go, Link } from "../navigation.tsx";
import { Failure } from "../shell/failure.tsx";
import { type Access, useTitle } from "../shell/page.tsx";
import { Filters } from "./filters.tsx";
import { useListing } from "./listing.ts";
import { narrow } from "./narrow.ts";
import { PromptRows } from "./prompt-rows.tsx";

/** The address follows what is typed with this much patience. */
const ADDRESS_MS = 200;

export function LibraryPage({ access, filter }: { access: Access; filter: LibraryFilter }) {
  useTitle(filter.folder ?? "Library");
  const [typed, setTyped] = useTyped(access.named, filter);
  const listing = useListing(access.project, filter);
  const looked = useDeferredValue(typed);
  const rows = useMemo(() => narrow(listing.items, looked), [listing.items, looked]);
  const isNarrowed = looked.trim() !== "";
  const { more, error, loading } = listing;

  // What is typed may be in what is not loaded yet.
  useEffect(() => {
    if (isNarrowed && !loading && !error && rows.length < 50) more();
  });

  const change = (part: Partial<LibraryFilter>) =>
    go({ project: access.named, page: { at: "library", filter: { ...filter, search: typed, ...part } } });
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>{filter.folder === null ? "Library" : filter.folder}</h1>
        {access.mayEdit && (
          <Link className="button primary" to={{ at: "new" }}>
            New prompt
          </Link>
        )}
      </div>
      <Filters filter={filter} typed={typed} known={listing.items} onType={setTyped} onChange={change} />
      <Count listing={listing} shown={rows.length} isNarrowed={isNarrowed} />
      {error && <Failure error={error} what="The list could not be loaded." />}
      <PromptRows
        rows={rows}
        total={isNarrowed || !listing.totalIsExact ? rows.length : listing.total}
        onEnd={more}
        onTag={(tag) => change({ tag })}
      />
      {!loading && !error && rows.length === 0 && (
        <Nothing access={access} isFiltered={isNarrowed || !isEverything(filter)} />
      )}
    </>
  );
}

function isEverything({ folder, tag, label, type }: LibraryFilter): boolean {
  return folder === null && tag === null && label === null && type === null;
}

/** What is typed shows at once; the address follows. */
function useTyped(project: string | null, filter: LibraryFilter): [string, (typed: string) => void] {
  const [typed, setTyped] = useState(filter.search);
  const written = useRef(filter.search);
  useEffect(() => {
    if (typed === written.current) return;
    const timer = setTimeout(() => {
      written.current = typed;
      go({ project, page: { at: "library", filter: { ...filter, search: typed } } }, { replace: true });
    }, ADDRESS_MS);
    return () => clearTimeout(timer);
  }, [typed, project, filter]);
  // Somebody went back, or followed a link.
  useEffect(() => {
    if (filter.search === written.current) return;
    written.current = filter.search;
    setTyped(filter.search);
  }, [filter.search]);
  return [typed, setTyped];
}

interface CountProps {
  listing: ReturnType<typeof useListing>;
  shown: number;
  isNarrowed: boolean;
}

function Count({ listing, shown, isNarrowed }: CountProps) {
  const number = (value: number) => value.toLocaleString("en");
  const prompts = (value: number) => `${number(value)} ${value === 1 ? "prompt" : "prompts"}`;
  const { isFirst, error, total, totalIsExact, isWhole, items } = listing;
  const text = () => {
    if (isFirst) return error ? "" : "Loading …";
    if (!isNarrowed) return totalIsExact ? prompts(total) : `more than ${prompts(total)}`;
    return isWhole ? prompts(shown) : `${prompts(shown)} among the first ${number(items.length)}`;
  };
  return (
    <p className="count" role="status">
      {text()}
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
      <h2 id={id}>No prompts yet</h2>
      {access.mayEdit ? (
        <>
          <p>
            Write the first one here, or bring along what you have:{" "}
            <code className="command">promptlib import FILE</code>
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
