/** Taking the prompts along: all of a project to the last detail, or as much as an application ships with. */
import { useState } from "react";
import { makeBundle, type PromptlibError } from "../../sdk/index.ts";
import { clientOf, noteFailure } from "../calls.ts";
import { useReadsRefused } from "../connection.ts";
import { LABEL_INPUT } from "../prompt/label-input.ts";
import { download } from "../shell/download.ts";
import { Failure } from "../shell/failure.tsx";
import { type Access, type RoomProps, useTitle } from "../shell/page.tsx";

export default function ExportPage({ access }: RoomProps) {
  useTitle("Export");
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Export</h1>
      </div>
      {access ? (
        <div className="stack">
          <Everything access={access} />
          <ForApplications key={access.project} access={access} />
        </div>
      ) : (
        <p className="note">You are in no project.</p>
      )}
    </>
  );
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function Everything({ access: { project } }: { access: Access }) {
  const refused = useReadsRefused();
  return (
    <section className="card stack" aria-labelledby="everything">
      <h2 id="everything">Everything, to put back as it was</h2>
      <p>
        All prompts of the project <bdi>{project}</bdi> with their versions, authors, times, labels and where those have
        been, former names, tags and the trash, as lines of JSON. Importing it into an empty project gives the same
        again.
      </p>
      <p className="hint">It is no backup: people, keys and the audit log are not in it.</p>
      <div className="buttons">
        {refused !== null ? (
          <button type="button" disabled>
            Download the export
          </button>
        ) : (
          // The browser writes it to the disk as it comes, however large it is.
          <a
            className="button primary"
            href={`/api/export?project=${encodeURIComponent(project)}`}
            download={`${project}-${today()}.ndjson`}
          >
            Download the export
          </a>
        )}
        {refused !== null && <span className="hint">{refused}</span>}
      </div>
    </section>
  );
}

function ForApplications({ access: { project } }: { access: Access }) {
  const [label, setLabel] = useState("production");
  const [error, setError] = useState<PromptlibError | null>(null);
  const [state, setState] = useState<"idle" | "making" | "empty">("idle");
  const refused = useReadsRefused();
  const make = async () => {
    setState("making");
    setError(null);
    try {
      const bundle = await makeBundle(clientOf(project), label === "" ? {} : { labels: [label] });
      setState(bundle.prompts.length === 0 ? "empty" : "idle");
      if (bundle.prompts.length === 0) return;
      download(JSON.stringify(bundle, null, 2), `${project}-${label || "all"}-${today()}.json`, "application/json");
    } catch (problem) {
      setError(noteFailure(problem));
      setState("idle");
    }
  };
  return (
    <section className="card stack" aria-labelledby="bundle">
      <h2 id="bundle">A bundle that an application ships with</h2>
      <p>One JSON file from which the client reads prompts while no server answers.</p>
      <label className="field">
        <span>Only what has the label (nothing: the newest and all labelled versions)</span>
        <input value={label} {...LABEL_INPUT} onChange={(event) => setLabel(event.target.value)} />
      </label>
      {error && <Failure error={error} what="The bundle could not be made." />}
      <div className="buttons">
        <button type="button" disabled={refused !== null || state === "making"} onClick={() => void make()}>
          {state === "making" ? "Making it …" : "Download the bundle"}
        </button>
        <span className="hint" role="status">
          {refused ?? (state === "empty" ? "No prompt has this label." : "")}
        </span>
      </div>
    </section>
  );
}
