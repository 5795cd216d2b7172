/** A prompt that is not there yet. */
import { useId } from "react";
import { nameFault } from "../../prompt/names.ts";
import type { Prompt, PromptlibError } from "../../sdk/index.ts";
import { EVERYTHING } from "../address.ts";
import { useIsHere } from "../deed.ts";
import { forgetListings } from "../library/listing.ts";
import { go, Link } from "../navigation.tsx";
import { say } from "../shell/notices.tsx";
import { type Access, useTitle } from "../shell/page.tsx";
import { type Content, type Draft, typeOf, withType } from "./draft.ts";
import { useDrafting } from "./drafting.ts";
import { OtherDrafts } from "./other-drafts.tsx";
import { TryIt } from "./try-it.tsx";
import { WriteVersion } from "./write-version.tsx";

const TEXT: Content = { text: "", variables: {}, config: {}, template: "mustache" };

export function NewPrompt({ access }: { access: Access }) {
  useTitle("New prompt");
  const id = useId();
  const drafting = useDrafting(access, null);
  const isHere = useIsHere();
  const draft: Draft = drafting.draft ?? { base: null, content: TEXT, message: "", name: "" };
  const name = draft.name.normalize("NFC");
  const fault = name === "" ? null : nameFault(name);
  const type = typeOf(draft.content);
  const taken = takenName(drafting.error);
  const begin = () => drafting.draft ?? drafting.begin(null, TEXT);
  if (!access.mayEdit) {
    return (
      <section className="empty">
        <h1 tabIndex={-1}>You may read here</h1>
        <p>Writing prompts needs the role editor in the project {access.project}.</p>
      </section>
    );
  }
  return (
    <>
      <div className="page-head">
        <div>
          <nav aria-label="Where it is" className="trail">
            <Link to={{ at: "library", filter: EVERYTHING }}>Library</Link>
          </nav>
          <h1 tabIndex={-1}>New prompt</h1>
        </div>
      </div>
      <div className="columns">
        <div className="column wide">
          <div className="card stack">
            <label className="field">
              <span>Name</span>
              <input
                value={draft.name}
                dir="auto"
                placeholder="mail/welcome"
                autoComplete="off"
                spellCheck={false}
                aria-invalid={fault !== null}
                aria-describedby={id}
                onChange={(event) => {
                  begin();
                  drafting.change({ name: event.target.value });
                }}
              />
            </label>
            <p id={id} className={fault === null ? "hint" : "fault"} role="status">
              {fault === null ? "A / makes folders. The name is what applications fetch it by." : `The name ${fault}.`}
            </p>
            {taken && (
              <p className="fault" role="alert">
                A prompt of this name exists already:{" "}
                <Link to={{ at: "prompt", name: taken, version: null }}>{taken}</Link>. Choose another name; what you
                wrote stays here.
              </p>
            )}
            <fieldset className="choices">
              <legend>Type</legend>
              {(["text", "chat"] as const).map((one) => (
                <label key={one}>
                  <input
                    type="radio"
                    name="type"
                    checked={type === one}
                    onChange={() => {
                      begin();
                      drafting.change(withType(draft, one));
                    }}
                  />{" "}
                  {one === "text" ? "Text" : "Chat, with roles"}
                </label>
              ))}
            </fieldset>
          </div>
          <OtherDrafts drafting={drafting} />
          <WriteVersion
            key={`${type} ${drafting.turn}`}
            drafting={{
              ...drafting,
              error: taken ? null : drafting.error,
              change(part) {
                begin();
                drafting.change(part);
              },
            }}
            draft={draft}
            project={access.project}
            name={name}
            blocked={name === "" ? "It has no name yet." : fault === null ? null : "The name above cannot be."}
            onSaved={() => {
              forgetListings();
              say(`Saved ${name}.`);
              if (isHere())
                go({ project: access.named, page: { at: "prompt", name, version: null } }, { replace: true });
            }}
          />
        </div>
        <div className="column aside">
          <TryIt project={access.project} prompt={trial(access.project, name, draft.content)} />
        </div>
      </div>
    </>
  );
}

/** The present name of the prompt that is there already; null: none is. */
function takenName(error: PromptlibError | null): string | null {
  if (error?.code !== "version_conflict") return null;
  const { newest } = (error.details ?? {}) as { newest?: { name: string } | null };
  return newest?.name ?? null;
}

/** As it would be once it is saved. */
function trial(project: string, name: string, content: Content): Prompt {
  return {
    project,
    name: name === "" ? "new" : name,
    type: typeOf(content),
    description: "",
    tags: [],
    version: 1,
    newest: 1,
    author: "",
    message: "",
    createdAt: new Date(0).toISOString(),
    contentHash: "",
    labels: [],
    ...content,
  };
}
