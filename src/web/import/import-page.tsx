/** Bringing prompts along: files and folders are dropped or chosen, looked at without changing anything, then imported. */

import { useEffect, useRef, useState } from "react";
import { IMPORT_SOURCE, IMPORT_SOURCE_RULE } from "../../contract/import-source.ts";
import { size } from "../../contract/size.ts";
import { type ImportFormat, importFormats, isFormat } from "../../sdk/import-formats.ts";
import { EVERYTHING } from "../address.ts";
import { useWritesRefused } from "../connection.ts";
import { forgetListings } from "../library/listing.ts";
import { Link } from "../navigation.tsx";
import { Field } from "../shell/field.tsx";
import { type Access, type RoomProps, useTitle } from "../shell/page.tsx";
import { DropZone } from "./drop-zone.tsx";
import { type GivenFile, type Told, tellFormat, wantedFiles } from "./files.ts";
import { ImportRun } from "./import-run.tsx";
import { countsOf, writesOf } from "./report.ts";
import { useImport } from "./run.ts";

export default function ImportPage({ access }: RoomProps) {
  useTitle("Import");
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Import</h1>
      </div>
      {access?.mayEdit ? (
        <Import key={access.project} access={access} />
      ) : (
        <p className="note">
          {access ? `Importing needs the role editor in the project ${access.project}.` : "You are in no project."}
        </p>
      )}
    </>
  );
}

interface Chosen {
  files: GivenFile[];
  told: Told;
}

function Import({ access }: { access: Access }) {
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [format, setFormat] = useState<ImportFormat | null>(null);
  const [source, setSource] = useState("");
  const [prune, setPrune] = useState(false);
  const { run, isImporting, isImportingNow, start, stop, forget } = useImport(access.project);
  // Our own export says itself where its prompts come from; nothing is pruned by it.
  const sourceIn = (as: ImportFormat | null) => (as === "promptlib" ? "" : source);
  const pruneIn = (as: ImportFormat, chosen: boolean) => as !== "promptlib" && chosen;
  const sourceFault = faultOf(sourceIn(format));
  const refused = useWritesRefused() ?? sourceFault ?? null;
  const wanted = chosen && format ? wantedFiles(chosen.files, format) : [];
  const look = ({ files, format, prune }: { files: GivenFile[]; format: ImportFormat; prune: boolean }) => {
    const source = sourceIn(format);
    if (faultOf(source) !== undefined) forget();
    else {
      void start({ files: wantedFiles(files, format), format, source, prune: pruneIn(format, prune), dryRun: true });
    }
  };
  const turn = useRef(0);
  const take = async (files: GivenFile[]) => {
    if (isImportingNow()) return;
    turn.current += 1;
    const own = turn.current;
    forget();
    const told = await tellFormat(files);
    // Others were given while these were looked into, or are imported already.
    if (turn.current !== own || isImportingNow()) return;
    setChosen({ files, told });
    const only = told.unknown.length === 0 && told.formats.length === 1 ? (told.formats[0] ?? null) : null;
    setFormat(only);
    setPrune(false);
    if (only) look({ files, format: only, prune: false });
  };
  const preview = (part: { format?: ImportFormat; prune?: boolean } = {}) => {
    const next = { format, prune, ...part };
    if (chosen && next.format) look({ files: chosen.files, format: next.format, prune: next.prune });
  };
  const isDone = run !== null && !run.order.dryRun && !isImporting;
  useEffect(() => {
    if (isDone) forgetListings();
  }, [isDone]);
  return (
    <div className="stack">
      <DropZone project={access.project} isSmall={chosen !== null} isBusy={isImporting} onFiles={take} />
      {chosen && (
        <section className="card stack" aria-label="What is imported">
          <About chosen={chosen} wanted={wanted.length} format={format} />
          <div className="two-fields">
            <label className="field">
              <span>Format</span>
              <select
                value={format ?? ""}
                disabled={isImporting}
                onChange={(event) => {
                  const next = isFormat(event.target.value) ? event.target.value : null;
                  setFormat(next);
                  if (next) preview({ format: next });
                  else forget();
                }}
              >
                <option value="">Say which</option>
                {Object.keys(importFormats).map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </select>
            </label>
            {format !== "promptlib" && (
              <Field name="A name for these files, if there are several such lists" fault={sourceFault}>
                {(control) => (
                  <input
                    {...control}
                    value={source}
                    disabled={isImporting}
                    autoComplete="off"
                    spellCheck={false}
                    onChange={(event) => setSource(event.target.value)}
                    onBlur={() => sourceFault === undefined && run?.order.source !== source && preview()}
                  />
                )}
              </Field>
            )}
          </div>
          {format && format !== "promptlib" && (
            <label className="check">
              <input
                type="checkbox"
                checked={prune}
                disabled={isImporting}
                onChange={(event) => {
                  setPrune(event.target.checked);
                  preview({ prune: event.target.checked });
                }}
              />
              Move to the trash what an earlier import brought and these files no longer have
            </label>
          )}
        </section>
      )}
      {run && (
        <ImportRun run={run} project={access.project} onStop={stop}>
          {run.order.dryRun && run.summary && (
            <button
              type="button"
              className="primary"
              disabled={writesOf(run.summary) === 0 || refused !== null}
              onClick={() => void start({ ...run.order, dryRun: false })}
            >
              Import {writesOf(run.summary).toLocaleString("en")} {writesOf(run.summary) === 1 ? "change" : "changes"}
            </button>
          )}
          {run.order.dryRun && run.summary && refused !== null && <span className="hint">{refused}</span>}
          {run.order.dryRun && run.error && (
            <button type="button" onClick={() => preview()}>
              Look again
            </button>
          )}
          {isDone && run.error && (
            <button type="button" className="primary" onClick={() => void start(run.order)}>
              Go on with the import
            </button>
          )}
          {isDone && run.summary && countsOf(run.summary).length > 0 && (
            <Link className="button primary" to={{ at: "library", filter: { ...EVERYTHING, sort: "-updated" } }}>
              To the library
            </Link>
          )}
        </ImportRun>
      )}
    </div>
  );
}

function faultOf(source: string): string | undefined {
  return source === "" || IMPORT_SOURCE.test(source) ? undefined : `The name ${IMPORT_SOURCE_RULE}.`;
}

function About({
  chosen: { files, told },
  wanted,
  format,
}: {
  chosen: Chosen;
  wanted: number;
  format: ImportFormat | null;
}) {
  const left = files.length - wanted;
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  return (
    <div>
      <p>
        <strong>
          {files.length === 1 ? <bdi>{files[0]?.path}</bdi> : `${files.length.toLocaleString("en")} files`}
        </strong>{" "}
        <span className="hint">{size(bytes)}</span>
        {format && left > 0 && (
          <span className="hint">
            , {left.toLocaleString("en")} of them passed over: not of the format {format}
          </span>
        )}
      </p>
      {!format && (
        <p className="hint" role="status">
          {told.formats.length > 1
            ? `They have several formats (${told.formats.join(", ")}): choose one, and import the others after it.`
            : "The names and contents do not tell the format. Say which it is."}
        </p>
      )}
    </div>
  );
}
