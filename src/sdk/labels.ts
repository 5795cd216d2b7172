import type {
  LabelFetches,
  LabelledPrompt,
  LabelMove,
  LabelPosition,
  PromoteLabel,
  Promotion,
  ProtectedLabel,
  UndoneMove,
} from "../contract/label-shapes.ts";
import type { List } from "../contract/shapes.ts";
import { labelPart, promptPath } from "./path.ts";
import type { PageOptions } from "./prompts.ts";
import type { Transport } from "./transport.ts";

export interface AtMoment {
  /** ISO 8601; now when left out. */
  at?: string;
}

/** Where labels stand and stood, and moving them. */
export function labelCalls({ body, project }: Transport) {
  const protectedAt = (label: string) => `/api/protected-labels/${labelPart(label)}`;
  const labelAt = (name: string, label: string, rest = "") => promptPath(name, `/labels/${labelPart(label)}${rest}`);
  return {
    listLabels: async (name: string): Promise<List<LabelPosition>> =>
      body({ method: "GET", path: promptPath(name, "/labels"), query: project }),
    /** Who fetched by which label, how often and last when; current to a minute. */
    listFetches: async (name: string): Promise<List<LabelFetches>> =>
      body({ method: "GET", path: promptPath(name, "/fetches"), query: project }),
    /** Where a label stands, or stood at a time. */
    readLabel: async (name: string, label: string, at: AtMoment = {}): Promise<LabelPosition> =>
      body({ method: "GET", path: labelAt(name, label), query: { ...at, ...project } }),
    /** Last first. */
    listLabelMoves: async (name: string, label: string, page: PageOptions = {}): Promise<List<LabelMove>> =>
      body({ method: "GET", path: labelAt(name, label, "/history"), query: { ...page, ...project } }),
    /** All prompts of the project that have a label, or had it at a time. */
    listLabelled: async (label: string, options: AtMoment & PageOptions = {}): Promise<List<LabelledPrompt>> =>
      body({ method: "GET", path: `/api/labels/${labelPart(label)}`, query: { ...options, ...project } }),
    moveLabel: async (name: string, label: string, version: number): Promise<LabelPosition> =>
      body({ method: "PUT", path: labelAt(name, label), query: project, body: { version } }),
    /** Takes back the last move. `expect`: the version on which you believe the label to be, null: on none. */
    undoLabel: async (name: string, label: string, expect?: number | null): Promise<UndoneMove> =>
      body({
        method: "POST",
        path: labelAt(name, label, "/undo"),
        query: { version: expect === null ? "none" : expect, ...project },
      }),
    /** Puts the label on many prompts, each where its label `from` is: all of them or none. */
    promoteLabel: async (label: string, promotion: PromoteLabel): Promise<Promotion> =>
      body({
        method: "POST",
        path: `/api/labels/${labelPart(label)}/promote`,
        query: project,
        body: promotion,
      }),
    listProtectedLabels: (): Promise<List<ProtectedLabel>> =>
      body({ method: "GET", path: "/api/protected-labels", query: project }),
    /** From now on only admins of the project, and keys with the scope label:NAME, may move it. */
    protectLabel: async (label: string): Promise<ProtectedLabel> =>
      body({ method: "PUT", path: protectedAt(label), query: project }),
    async unprotectLabel(label: string): Promise<void> {
      await body({ method: "DELETE", path: protectedAt(label), query: project });
    },
    async removeLabel(name: string, label: string): Promise<void> {
      await body({ method: "DELETE", path: labelAt(name, label), query: project });
    },
  };
}
