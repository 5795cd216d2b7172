/** The routes of labels: of one prompt, and of all prompts of a project. */
import { z } from "zod";
import * as labels from "./label-shapes.ts";
import { inProject, page, projectQuery, promptParams, table, twin, versionNumber } from "./route.ts";
import * as shapes from "./shapes.ts";

const nameAndLabel = z.object({ name: shapes.promptName, label: shapes.labelName });
const labelParams = z.object({ label: shapes.labelName });
const atMoment = labels.moment.optional().describe("as it was at this moment; now when left out");
const moveLabel = z.strictObject({ version: z.int().min(1).max(2147483647) });

const ofOnePrompt = table({
  listLabels: {
    method: "GET",
    path: "/api/prompts/{name}/labels",
    access: "viewer",
    summary: "List the labels of a prompt and where they stand.",
    withoutDatabase: false,
    params: promptParams,
    query: projectQuery,
    answers: { 200: shapes.listOf(labels.labelPosition) },
    errors: ["prompt_not_found"],
  },
  listFetches: {
    method: "GET",
    path: "/api/prompts/{name}/fetches",
    access: "viewer",
    summary: "Who fetched the prompt by which label, how often, and last when; current to a minute.",
    withoutDatabase: false,
    params: promptParams,
    query: projectQuery,
    answers: { 200: shapes.listOf(labels.labelFetches) },
    errors: ["prompt_not_found"],
  },
  readLabel: {
    method: "GET",
    path: "/api/prompts/{name}/labels/{label}",
    access: "viewer",
    summary: "Where a label stands, or stood at a time.",
    withoutDatabase: false,
    params: nameAndLabel,
    query: z.strictObject({ ...inProject, at: atMoment }),
    answers: { 200: labels.labelPosition },
    errors: ["prompt_not_found", "label_not_found"],
  },
  listLabelMoves: {
    method: "GET",
    path: "/api/prompts/{name}/labels/{label}/history",
    access: "viewer",
    summary: "List the moves of a label, last first: from where to where, who, when.",
    withoutDatabase: false,
    params: nameAndLabel,
    query: z.strictObject({ ...inProject, ...page }),
    answers: { 200: shapes.listOf(labels.labelMove) },
    errors: ["prompt_not_found", "label_not_found"],
  },
  moveLabel: {
    method: "PUT",
    path: "/api/prompts/{name}/labels/{label}",
    access: "label",
    summary: "Put a label on a version; it leaves the one it was on.",
    withoutDatabase: false,
    params: nameAndLabel,
    query: projectQuery,
    body: moveLabel,
    answers: { 200: labels.labelPosition },
    errors: ["prompt_not_found", "version_not_found", "label_protected", "version_redacted"],
  },
  undoLabel: {
    method: "POST",
    path: "/api/prompts/{name}/labels/{label}/undo",
    access: "label",
    summary: "Take back the last move of a label that was not taken back yet.",
    withoutDatabase: false,
    params: nameAndLabel,
    query: z.strictObject({
      ...inProject,
      version: z
        .union([z.literal("none"), versionNumber])
        .optional()
        .describe("where the caller believes the label to be, none: on no version; 409 when it is elsewhere"),
    }),
    answers: { 200: labels.undoneMove },
    errors: [
      "prompt_not_found",
      "label_not_found",
      "label_moved",
      "nothing_to_undo",
      "label_protected",
      "version_redacted",
    ],
  },
  removeLabel: {
    method: "DELETE",
    path: "/api/prompts/{name}/labels/{label}",
    access: "label",
    summary: "Remove a label from a prompt.",
    withoutDatabase: false,
    params: nameAndLabel,
    query: projectQuery,
    answers: { 204: null },
    errors: ["prompt_not_found", "label_not_found", "label_protected"],
  },
});

const ofTheProject = table({
  listLabelled: {
    method: "GET",
    path: "/api/labels/{label}",
    access: "viewer",
    summary: "List the prompts that have a label, or had it at a time, with the version it is on.",
    withoutDatabase: false,
    params: labelParams,
    query: z.strictObject({ ...inProject, ...page, at: atMoment }),
    answers: { 200: shapes.listOf(labels.labelledPrompt) },
    errors: [],
  },
  promoteLabel: {
    method: "POST",
    path: "/api/labels/{label}/promote",
    access: "label",
    summary: "Put a label on many prompts at once, each where another of its labels is: all of them or none.",
    withoutDatabase: false,
    params: labelParams,
    query: projectQuery,
    body: labels.promoteLabel,
    answers: { 200: labels.promotion },
    errors: ["promotion_refused", "label_protected"],
  },
  listProtectedLabels: {
    method: "GET",
    path: "/api/protected-labels",
    access: "viewer",
    summary: "List the labels of the project that not everybody may move.",
    withoutDatabase: false,
    query: projectQuery,
    answers: { 200: shapes.listOf(labels.protectedLabel) },
    errors: [],
  },
  protectLabel: {
    method: "PUT",
    path: "/api/protected-labels/{label}",
    access: "admin",
    summary: "Protect a label: on every prompt of the project, whatever moves it needs a right of its own.",
    withoutDatabase: false,
    params: labelParams,
    query: projectQuery,
    answers: { 200: labels.protectedLabel },
    errors: [],
  },
  unprotectLabel: {
    method: "DELETE",
    path: "/api/protected-labels/{label}",
    access: "admin",
    summary: "Protect a label no more.",
    withoutDatabase: false,
    params: labelParams,
    query: projectQuery,
    answers: { 204: null },
    errors: ["label_not_found"],
  },
});

const twins = {
  listLabelsByQuery: twin(ofOnePrompt.listLabels),
  listFetchesByQuery: twin(ofOnePrompt.listFetches),
  readLabelByQuery: twin(ofOnePrompt.readLabel),
  listLabelMovesByQuery: twin(ofOnePrompt.listLabelMoves),
  moveLabelByQuery: twin(ofOnePrompt.moveLabel),
  undoLabelByQuery: twin(ofOnePrompt.undoLabel),
  removeLabelByQuery: twin(ofOnePrompt.removeLabel),
};

export const labelRoutes = { ...ofOnePrompt, ...ofTheProject, ...twins };
