/** Routes about labels: where they stand, where they stood, moving them. */
import { listFetches } from "../library/label-fetches.ts";
import { labelAt, listLabelled, listLabelMoves } from "../library/label-history.ts";
import { promoteLabel } from "../library/label-promotion.ts";
import { undoLabel } from "../library/label-undo.ts";
import { listLabels, moveLabel, removeLabel } from "../library/labels.ts";
import { readPage } from "../library/page.ts";
import { listProtectedLabels, protectLabel, unprotectLabel } from "../library/protected-labels.ts";
import { normalizeName } from "../prompt/names.ts";
import { requireProjectAccess } from "./permission.ts";
import type { Handlers } from "./route.ts";

export const labelHandlers = {
  async listLabels({ project, params }, { backend }) {
    return { body: await listLabels(backend.database.reads, project, normalizeName(params.name)) };
  },

  async moveLabel({ project, actor, params, body }, { backend }) {
    const name = normalizeName(params.name);
    return { body: await moveLabel(backend.database, project, actor, name, params.label, body.version) };
  },

  async removeLabel({ project, actor, params }, { backend }) {
    await removeLabel(backend.database, project, actor, normalizeName(params.name), params.label);
    return { status: 204 };
  },

  async listFetches({ project, params }, { backend }) {
    return { body: await listFetches(backend.database.reads, project, normalizeName(params.name)) };
  },

  async readLabel({ project, params, query }, { backend }) {
    const name = normalizeName(params.name);
    return { body: await labelAt(backend.database.reads, project, name, params.label, query.at) };
  },

  async listLabelMoves({ project, params, query }, { backend }) {
    const name = normalizeName(params.name);
    return { body: await listLabelMoves(backend.database.reads, project, name, params.label, readPage(query)) };
  },

  async undoLabel({ project, actor, params, query }, { backend }) {
    const name = normalizeName(params.name);
    const expected = query.version === "none" ? null : query.version;
    return { body: await undoLabel(backend.database, project, actor, name, params.label, expected) };
  },

  async promoteLabel({ project, actor, caller, params, body }, { backend }) {
    // The answer lists them: who may only move the label says which prompts.
    if (!body.names) requireProjectAccess("viewer", caller, project, null);
    return { body: await promoteLabel(backend.database, project, actor, params.label, body) };
  },

  async listProtectedLabels({ project }, { backend }) {
    return { body: await listProtectedLabels(backend.database.reads, project) };
  },

  async protectLabel({ project, actor, params }, { backend }) {
    return { body: await protectLabel(backend.database, project, actor, params.label) };
  },

  async unprotectLabel({ project, actor, params }, { backend }) {
    await unprotectLabel(backend.database, project, actor, params.label);
    return { status: 204 };
  },

  async listLabelled({ project, params, query }, { backend }) {
    return { body: await listLabelled(backend.database.reads, project, params.label, query.at, readPage(query)) };
  },
} satisfies Partial<Handlers>;
