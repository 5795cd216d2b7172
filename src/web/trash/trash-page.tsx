/** What is in the trash, and bringing it back. */
import { useEffect, useState } from "react";
import { collectPages, type TrashedPrompt } from "../../sdk/index.ts";
import { EVERYTHING } from "../address.ts";
import { clientOf, noteFailure, useLoaded } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { forgetListings } from "../library/listing.ts";
import { useHeardCalmly } from "../listening.ts";
import { go, Link } from "../navigation.tsx";
import { personOf } from "../prompt/person.ts";
import { TagChip } from "../shell/chips.tsx";
import { Failure } from "../shell/failure.tsx";
import { say } from "../shell/notices.tsx";
import { type Access, type RoomProps, useTitle } from "../shell/page.tsx";
import { When } from "../shell/when.tsx";
import { Purge } from "./purge.tsx";

const PAGE = 100;

export default function TrashPage({ access }: RoomProps) {
  useTitle("Trash");
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Trash</h1>
      </div>
      {access ? <Trash key={access.project} access={access} /> : <p className="note">You are in no project.</p>}
    </>
  );
}

function Trash({ access }: { access: Access }) {
  const client = clientOf(access.project);
  const [limit, setLimit] = useState(PAGE);
  const trash = useLoaded(JSON.stringify(["trash", access.project]), () =>
    collectPages((page) => client.listTrash(page), limit),
  );
  const [faults, setFaults] = useState<ReadonlyMap<string, string>>(new Map());
  const [purging, setPurging] = useState<TrashedPrompt | null>(null);
  const refused = useWritesRefused();
  const { value, error, took, reload } = trash;
  useHeardCalmly(reload, took);
  // What is there stays while more is on its way.
  useEffect(() => {
    if (limit > PAGE) reload();
  }, [limit, reload]);
  const restore = async ({ id, name }: TrashedPrompt) => {
    setFaults((last) => new Map([...last].filter(([known]) => known !== id)));
    try {
      await client.restorePrompt(id);
      forgetListings();
      const page = { at: "prompt", name, version: null } as const;
      say(`${name} is back.`, { name: "Go to it", run: () => go({ project: access.named, page }) });
    } catch (problem) {
      const { message } = noteFailure(problem);
      setFaults((last) => new Map(last).set(id, message));
    }
    reload();
  };
  if (error && !value) return <Failure error={error} what="The trash cannot be shown now." />;
  if (!value) return <p role="status">Loading …</p>;
  if (value.items.length === 0) return <Nothing />;
  return (
    <>
      <p className="count" role="status">
        {value.total === 1
          ? "1 prompt, with all its versions"
          : `${value.total.toLocaleString("en")} prompts, with all their versions`}
      </p>
      {error && <Failure error={error} what="As it was last known." />}
      {access.mayEdit && refused !== null && <p className="hint">{refused}</p>}
      <ul className="card trash-list" aria-label="In the trash">
        {value.items.map((prompt) => (
          <li key={prompt.id}>
            <div>
              <p>
                <bdi className="leaf">{prompt.name}</bdi> {prompt.type === "chat" && <span className="kind">chat</span>}{" "}
                {prompt.tags.map((tag) => (
                  <TagChip key={tag} tag={tag} />
                ))}
              </p>
              <p className="hint">
                {prompt.newest === 1 ? "1 version" : `${prompt.newest} versions`}, moved here by{" "}
                <bdi>{personOf(prompt.trashedBy)}</bdi> <When at={prompt.trashedAt} />
              </p>
              <p className="fault" role="status">
                {faults.get(prompt.id)}
              </p>
            </div>
            {access.mayEdit && (
              <div className="buttons">
                <button
                  type="button"
                  aria-label={`Bring back ${prompt.name}`}
                  disabled={refused !== null}
                  onClick={() => void restore(prompt)}
                >
                  Bring back
                </button>
                {access.mayAdmin && (
                  <button
                    type="button"
                    className="quiet"
                    aria-label={`Purge ${prompt.name}`}
                    disabled={refused !== null}
                    onClick={() => setPurging(prompt)}
                  >
                    Purge …
                  </button>
                )}
              </div>
            )}
          </li>
        ))}
      </ul>
      {purging && (
        <Purge
          prompt={purging}
          onClose={() => setPurging(null)}
          onDone={() => {
            setPurging(null);
            reload();
          }}
        />
      )}
      {value.nextCursor !== null && (
        <button type="button" onClick={() => setLimit(value.items.length + PAGE)}>
          Show more
        </button>
      )}
    </>
  );
}

function Nothing() {
  return (
    <section className="empty">
      <h2>The trash is empty</h2>
      <p>Prompts that are moved to the trash wait here, whole, until somebody brings them back.</p>
      <Link className="button" to={{ at: "library", filter: EVERYTHING }}>
        To the library
      </Link>
    </section>
  );
}
