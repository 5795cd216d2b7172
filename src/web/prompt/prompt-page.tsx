/** One prompt: what it says, with values in it; its labels, its versions; writing the next one. */
import { useDeferredValue, useEffect, useId, useMemo, useRef, useState } from "react";
import type { Prompt, SavedPrompt } from "../../sdk/index.ts";
import { EVERYTHING } from "../address.ts";
import { clientOf, noteSource, useLoaded } from "../calls.ts";
import { useWritesRefused } from "../connection.ts";
import { useIsHere } from "../deed.ts";
import { noteChange } from "../library/listing.ts";
import { go, Link } from "../navigation.tsx";
import { TagChip } from "../shell/chips.tsx";
import { Failure } from "../shell/failure.tsx";
import { say } from "../shell/notices.tsx";
import { type Access, useTitle } from "../shell/page.tsx";
import { Changes } from "./changes.tsx";
import { Details } from "./details.tsx";
import { contentOf, isOvertaken } from "./draft.ts";
import { type Drafting, useDrafting } from "./drafting.ts";
import { useFollowed } from "./followed.ts";
import { Labels, type Moving } from "./labels.tsx";
import { LeftBehind } from "./left-behind.tsx";
import { OtherDrafts } from "./other-drafts.tsx";
import { PromptMenu } from "./prompt-menu.tsx";
import { ShownVersion } from "./shown-version.tsx";
import { TryIt } from "./try-it.tsx";
import { Usage } from "./usage.tsx";
import { useVersions } from "./version-list.ts";
import { Versions } from "./versions.tsx";
import { WriteVersion } from "./write-version.tsx";

interface PromptPageProps {
  access: Access;
  name: string;
  /** null: the newest. */
  asked: number | null;
  /** Another version that it is compared with. */
  against: number | null;
}

export function PromptPage({ access, name, asked, against }: PromptPageProps) {
  useTitle(name);
  const { project } = access;
  const about = (what: string) => JSON.stringify([what, project, name]);
  const client = clientOf(project);
  const fetched = useLoaded(`${about("prompt")} ${asked}`, async () =>
    noteSource(await client.fetchPrompt(name, asked === null ? {} : { version: asked })),
  );
  const versions = useVersions(project, name);
  const labels = useLoaded(about("labels"), () => client.listLabels(name));
  const drafting = useDrafting(access, name);
  useGone(drafting, fetched.reload);
  const met = drafting.theirs?.version ?? null;
  const { reload: reloadVersions } = versions;
  useEffect(() => {
    if (met !== null) reloadVersions();
  }, [met, reloadVersions]);
  const [moving, setMoving] = useState<Moving | null>(null);
  const refused = useWritesRefused();
  const isHere = useIsHere();
  const at = useRef(asked);
  useEffect(() => {
    at.current = asked;
  }, [asked]);
  // A long text is typed at once, and rendered a moment later.
  const written = useDeferredValue(drafting.draft?.content);
  const { value, error } = fetched;
  const isGone = error?.code === "prompt_not_found";
  const prompt = isGone ? null : (value?.prompt ?? null);
  useRenamed(access, drafting, value?.renamedTo ?? null, asked);
  useConflict(drafting, asked === null ? prompt : null);
  useFollowed({ access, name, asked, fetched, versions, labels, drafting });
  const positions = labels.value?.items;
  useEffect(() => {
    if (!positions) return;
    noteChange(project, name, { labels: Object.fromEntries(positions.map(({ label, version }) => [label, version])) });
  }, [positions, project, name]);

  const labelNames = useMemo(
    () => positions?.map(({ label }) => label).filter((label) => label !== "latest") ?? [],
    [positions],
  );
  const historyTurn = JSON.stringify(positions?.map(({ label, movedAt }) => [label, movedAt]) ?? []);
  const tried = useMemo(() => (prompt && written ? { ...prompt, ...written } : prompt), [prompt, written]);
  const reload = () => {
    fetched.reload();
    versions.reload();
    labels.reload();
  };
  const saved = ({ created, ...next }: SavedPrompt) => {
    const which = isHere() ? `${next.version}` : `${next.version} of ${name}`;
    say(created ? `Saved as version ${which}.` : `Version ${which} says exactly this already.`);
    noteChange(project, name, { newest: next.version, updatedAt: next.createdAt });
    if (asked === null)
      fetched.put({ prompt: next, etag: null, servedFrom: "database", renamedTo: null, revision: null });
    if (!isHere()) return;
    // Who looks at another version by now stays with it.
    if (at.current === asked)
      go({ project: access.named, page: { at: "prompt", name, version: null } }, { replace: true });
    reload();
  };
  return (
    <>
      <Head
        access={access}
        name={name}
        prompt={prompt}
        drafting={drafting}
        labels={labelNames}
        newestHash={versions.value?.items.find(({ version }) => version === prompt?.newest)?.contentHash}
        onDescribed={fetched.reload}
      />
      {error && !prompt && <Failure error={error} />}
      {!error && !prompt && <p className="hint">Loading …</p>}
      {isGone && drafting.draft && (
        <LeftBehind access={access} name={name} draft={drafting.draft} drafting={drafting} />
      )}
      {prompt && tried && (
        <div className="columns">
          <div className="column wide">
            <OtherDrafts drafting={drafting} />
            {drafting.draft ? (
              <WriteVersion
                key={drafting.turn}
                drafting={drafting}
                draft={drafting.draft}
                project={project}
                name={name}
                onSaved={saved}
              />
            ) : (
              <ShownVersion prompt={prompt} />
            )}
            {against !== null && <Changes project={project} prompt={prompt} against={against} />}
            <Labels
              access={access}
              name={name}
              shown={prompt.version}
              labels={labels}
              versions={versions.value?.items ?? []}
              moving={moving}
              onMoving={setMoving}
              onMoved={reload}
            />
            <Versions
              name={name}
              shown={prompt.version}
              versions={versions}
              onLabel={access.mayEdit && refused === null ? (label, to) => setMoving({ label, to }) : null}
            />
          </div>
          <div className="column aside">
            <TryIt project={project} prompt={tried} />
            <Usage access={access} name={name} labels={labelNames} turn={historyTurn} />
          </div>
        </div>
      )}
    </>
  );
}

/** There was nothing any more to save it on. */
function useGone({ error, theirs, movedTo }: Drafting, reload: () => void): void {
  const isGone = error?.code === "version_conflict" && !theirs && movedTo === null;
  useEffect(() => {
    if (isGone) reload();
  }, [isGone, reload]);
}

/** Somebody gave it another name: what is written here goes along. */
function useRenamed(access: Access, { movedTo, follow }: Drafting, renamedTo: string | null, asked: number | null) {
  useEffect(() => {
    if (renamedTo !== null) follow(renamedTo);
  }, [renamedTo, follow]);
  useEffect(() => {
    if (movedTo === null) return;
    say(`It is called ${movedTo} now.`);
    go({ project: access.named, page: { at: "prompt", name: movedTo, version: asked } }, { replace: true });
  }, [movedTo, access.named, asked]);
}

/** A draft that was begun before somebody else saved says so at once, not only when it is saved. */
function useConflict({ draft, theirs, saving, meet }: Drafting, newest: Prompt | null): void {
  const behind = draft && newest && isOvertaken(draft, newest) && !theirs && !saving;
  useEffect(() => {
    if (behind && newest) meet(newest);
  }, [behind, newest, meet]);
}

interface HeadProps {
  access: Access;
  name: string;
  prompt: Prompt | null;
  drafting: Drafting;
  labels: readonly string[];
  /** The `contentHash` of the newest version; undefined: not known yet. */
  newestHash: string | undefined;
  onDescribed(): void;
}

function Head({ access, name, prompt, drafting, labels, newestHash, onDescribed }: HeadProps) {
  const [isDescribing, setDescribing] = useState(false);
  const why = useId();
  const refused = useWritesRefused();
  const parts = name.split("/");
  const isOld = prompt !== null && prompt.version !== prompt.newest;
  return (
    <div className="page-head">
      <div>
        <nav aria-label="Where it is" className="trail">
          <Link to={{ at: "library", filter: EVERYTHING }}>Library</Link>
          {parts.slice(0, -1).map((part, index) => {
            const folder = parts.slice(0, index + 1).join("/");
            return (
              <Link key={folder} to={{ at: "library", filter: { ...EVERYTHING, folder } }}>
                <bdi>{part}</bdi>
              </Link>
            );
          })}
        </nav>
        <h1 tabIndex={-1}>
          <bdi>{parts.at(-1)}</bdi>
        </h1>
        {prompt && (
          <p className="row-about">
            {prompt.type === "chat" && <span className="kind">chat</span>}
            {prompt.tags.map((tag) => (
              <TagChip key={tag} tag={tag} />
            ))}
            <bdi>{prompt.description}</bdi>
          </p>
        )}
      </div>
      {prompt && !drafting.draft && (
        <div className="head-deeds">
          <div className="buttons">
            <PromptMenu access={access} prompt={prompt} labels={labels} />
            {access.mayEdit && (
              <>
                <button
                  type="button"
                  disabled={refused !== null}
                  aria-describedby={why}
                  onClick={() => setDescribing(true)}
                >
                  Describe
                </button>
                <button
                  type="button"
                  className="primary"
                  disabled={refused !== null}
                  aria-describedby={why}
                  onClick={() => drafting.begin(prompt.newest, contentOf(prompt), newestHash)}
                >
                  {isOld ? `Write on from version ${prompt.version}` : "Edit"}
                </button>
              </>
            )}
          </div>
          <p id={why} className="hint">
            {access.mayEdit && refused}
          </p>
        </div>
      )}
      {prompt && isDescribing && <Details prompt={prompt} onClose={() => setDescribing(false)} onSaved={onDescribed} />}
    </div>
  );
}
