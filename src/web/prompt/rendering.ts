/** Rendering as one types, by the same code as the server’s; only what is included is asked for. */
import { useEffect, useMemo, useRef, useState } from "react";
import { contentIncludes } from "../../prompt/template.ts";
import {
  type FindPrompt,
  type Json,
  type Prompt,
  PromptlibError,
  type Rendered,
  type RenderFault,
  type ResolvedIncludes,
  render,
  resolveIncludes,
} from "../../sdk/index.ts";
import { clientOf, noteFailure } from "../calls.ts";
import { useRecoveries } from "../connection.ts";
import { COHERENT_MS, useHeard } from "../listening.ts";

export type Rendering =
  | { state: "rendered"; rendered: Rendered }
  | { state: "faulty"; error: PromptlibError; faults: RenderFault[] }
  | { state: "waiting" };

const TYPING_MS = 100;
const NO_INCLUDES: ResolvedIncludes = new Map();

/** `key` names the includes of the prompt: they are asked for again when that changes, or what one of them says may have. */
export function useIncludes(
  project: string,
  prompt: Prompt,
): { includes: ResolvedIncludes; error: PromptlibError | null } {
  const key = useMemo(() => [...contentIncludes(prompt).keys()].join("\n"), [prompt]);
  const recoveries = useRecoveries();
  const [turn, setTurn] = useState(0);
  const later = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each turn all is asked for anew
  const { find, asked } = useMemo(() => remembering(project), [project, turn]);
  useHeard((heard) => {
    const isIncluded =
      heard.type === "reset" || [heard.change.name, ...heard.change.formerNames].some((name) => asked.has(name));
    if (!isIncluded || asked.size === 0) return;
    const anew = () => setTurn((last) => last + 1);
    anew();
    clearTimeout(later.current);
    later.current = window.setTimeout(anew, COHERENT_MS);
  });
  useEffect(() => () => clearTimeout(later.current), []);
  const [found, setFound] = useState<{ key: string; includes: ResolvedIncludes; error: PromptlibError | null }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: of the prompt only what it includes counts
  useEffect(() => {
    if (key === "") return;
    let over = false;
    const settle = (includes: ResolvedIncludes, error: PromptlibError | null) => {
      if (!over) setFound({ key, includes, error });
    };
    const timer = setTimeout(() => {
      resolveIncludes(prompt, null, find).then(
        (includes) => settle(includes, null),
        (error) => settle(NO_INCLUDES, noteFailure(error)),
      );
    }, TYPING_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [key, find, recoveries]);
  if (key === "" || found?.key !== key) return { includes: NO_INCLUDES, error: null };
  return found;
}

/** `asked`: the names of all that it was asked for. */
function remembering(project: string): { find: FindPrompt; asked: ReadonlySet<string> } {
  const known = new Map<string, Promise<Prompt>>();
  const names = new Set<string>();
  const find: FindPrompt = (name, which) => {
    names.add(name);
    const key = JSON.stringify([name, which.version, which.label]);
    const asked =
      known.get(key) ??
      clientOf(project)
        .fetchPrompt(name, which)
        .then(({ prompt }) => prompt);
    known.set(key, asked);
    // What was not there may be there the next time.
    asked.catch(() => known.delete(key));
    return asked;
  };
  return { find, asked: names };
}

/** Faults of the values are an answer like any other; what is included and not found, too. */
export function renderingOf(
  prompt: Prompt,
  values: Readonly<Record<string, Json>>,
  { includes, error }: { includes: ResolvedIncludes; error: PromptlibError | null },
): Rendering {
  if (error) return { state: "faulty", error, faults: faultsOf(error) };
  const missing = [...contentIncludes(prompt).keys()].some((key) => !includes.has(key));
  if (missing) return { state: "waiting" };
  try {
    return { state: "rendered", rendered: render(prompt, values, includes) };
  } catch (problem) {
    if (!(problem instanceof PromptlibError)) throw problem;
    return { state: "faulty", error: problem, faults: faultsOf(problem) };
  }
}

function faultsOf({ details }: PromptlibError): RenderFault[] {
  const { faults } = (details ?? {}) as { faults?: RenderFault[] };
  return faults ?? [];
}
