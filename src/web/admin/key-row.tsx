import type { ApiKey } from "../../sdk/index.ts";
import { personOf } from "../prompt/person.ts";
import { day } from "../shell/dates.ts";
import { When } from "../shell/when.tsx";
import { type KeyState, keyState } from "./key-state.ts";

interface KeyRowProps {
  apiKey: ApiKey;
  now: number;
  refused: string | null;
  /** Left out: it has ended, nothing can be done with it. */
  onOpen?(what: "rotate" | "revoke"): void;
}

export function KeyRow({ apiKey, now, refused, onOpen }: KeyRowProps) {
  const { id, name, scopes, createdAt, createdBy, lastUsedAt } = apiKey;
  const buttons = [
    ["rotate", "Rotate"],
    ["revoke", "Revoke"],
  ] as const;
  return (
    <li>
      <span className="thing-name">
        <bdi>{name}</bdi>
        {scopes.map((scope) => (
          <span key={scope} className="chip tag">
            {scope}
          </span>
        ))}
        <State state={keyState(apiKey, now)} />
      </span>
      <span className="thing-about">
        {lastUsedAt === null ? (
          "never used"
        ) : (
          <>
            last used <When at={lastUsedAt} />
          </>
        )}
        <small>
          {" "}
          · <code>{id}</code> · made by <bdi>{personOf(createdBy)}</bdi>, <When at={createdAt} />
        </small>
      </span>
      {onOpen && (
        <span className="thing-deeds">
          {buttons.map(([what, verb]) => (
            <button
              key={what}
              type="button"
              disabled={refused !== null}
              aria-label={`${verb} ${name} (${id})`}
              onClick={() => onOpen(what)}
            >
              {verb}
            </button>
          ))}
        </span>
      )}
    </li>
  );
}

function State({ state }: { state: KeyState }) {
  switch (state.state) {
    case "works":
      return null;
    case "ends":
      return (
        <span className={`chip ${state.soon ? "soon" : "tag"}`}>
          ends {state.soon ? <When at={state.at} isPlanned /> : day.format(new Date(state.at))}
        </span>
      );
    default:
      return (
        <span className="chip ended">
          {state.state} <When at={state.at} />
        </span>
      );
  }
}
