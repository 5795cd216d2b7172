/** The routes beside the list by which one finds one's way: folders, tags, labels, and what differs between two versions. */
import { z } from "zod";
import { versionDiff } from "./diff.ts";
import { inProject, page, promptParams, table, twin } from "./route.ts";
import { diffSides, folderCount, folderQuery, labelCount, tagCount } from "./search.ts";
import { listOf } from "./shapes.ts";

const ofOnePrompt = table({
  diffVersions: {
    method: "GET",
    path: "/api/prompts/{name}/diff",
    access: "viewer",
    summary: "What differs between two versions of a prompt: text or messages, variables, configuration.",
    withoutDatabase: true,
    params: promptParams,
    query: z.strictObject({ ...inProject, ...diffSides }),
    answers: { 200: versionDiff },
    errors: ["prompt_not_found", "version_not_found", "label_not_found", "version_redacted", "database_unavailable"],
  },
});

const ofTheProject = table({
  listFolders: {
    method: "GET",
    path: "/api/folders",
    access: "viewer",
    summary: "List the folders directly in a folder, by name, with how many prompts are below each.",
    withoutDatabase: true,
    query: z.strictObject({ ...inProject, ...page, ...folderQuery }),
    answers: { 200: listOf(folderCount) },
    errors: [],
  },
  listTags: {
    method: "GET",
    path: "/api/tags",
    access: "viewer",
    summary: "List the tags in use, by name, with how many prompts have each.",
    withoutDatabase: true,
    query: z.strictObject({ ...inProject, ...page }),
    answers: { 200: listOf(tagCount) },
    errors: [],
  },
  listUsedLabels: {
    method: "GET",
    path: "/api/labels",
    access: "viewer",
    summary: "List the labels in use, by name, with how many prompts have each; latest, which all have, is left out.",
    withoutDatabase: true,
    query: z.strictObject({ ...inProject, ...page }),
    answers: { 200: listOf(labelCount) },
    errors: [],
  },
});

export const searchRoutes = { ...ofOnePrompt, ...ofTheProject, diffVersionsByQuery: twin(ofOnePrompt.diffVersions) };
