/** What a version says, by whom and why. */
import type { Prompt } from "../../sdk/index.ts";
import { LabelChip } from "../shell/chips.tsx";
import { When } from "../shell/when.tsx";
import { ContentView } from "./content-view.tsx";
import { personOf } from "./person.ts";

export function ShownVersion({ prompt }: { prompt: Prompt }) {
  const { version, newest, author, createdAt, message, config, labels } = prompt;
  return (
    <section className="card" aria-label={`Version ${version}`}>
      <div className="card-head">
        <h2>
          Version {version}
          {version !== newest && <small> of {newest}</small>}
        </h2>
        <span className="version-labels">
          {labels.map((label) => (
            <LabelChip key={label} label={label} />
          ))}
        </span>
      </div>
      <p className="hint">
        <bdi>{personOf(author)}</bdi>, <When at={createdAt} />
        {message !== "" && (
          <>
            {" · "}
            <bdi>{message}</bdi>
          </>
        )}
      </p>
      <ContentView content={prompt} />
      {Object.keys(config).length > 0 && (
        <>
          <h3>Configuration</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls takes the focus */}
          <pre className="prose" tabIndex={0}>
            {JSON.stringify(config, null, 2)}
          </pre>
        </>
      )}
    </section>
  );
}
