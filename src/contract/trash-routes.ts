/** Routes about the trash: what is in it, bringing it back, and what cannot be taken back. */
import { z } from "zod";
import { inProject, page, projectQuery, table, versionNumber } from "./route.ts";
import * as shapes from "./shapes.ts";

const trashParams = z.object({ id: z.string().regex(/^\d{1,18}$/) });

export const trashRoutes = table({
  listTrash: {
    method: "GET",
    path: "/api/trash",
    access: "viewer",
    summary: "List what is in the trash, last trashed first.",
    withoutDatabase: false,
    query: z.strictObject({ ...inProject, ...page }),
    answers: { 200: shapes.listOf(shapes.trashedPrompt) },
    errors: [],
  },
  restorePrompt: {
    method: "POST",
    path: "/api/trash/{id}/restore",
    access: "editor",
    summary: "Bring a prompt back from the trash, with its versions and labels.",
    withoutDatabase: false,
    params: trashParams,
    query: projectQuery,
    answers: { 200: shapes.promptSummary },
    errors: ["prompt_not_found", "already_exists", "label_protected"],
  },
  redactTrashed: {
    method: "POST",
    path: "/api/trash/{id}/versions/{version}/redact",
    access: "admin",
    summary: "Take out what a version of a prompt in the trash says, for good.",
    withoutDatabase: false,
    params: trashParams.extend({ version: versionNumber }),
    query: projectQuery,
    body: shapes.redactVersion,
    answers: { 200: shapes.redactedVersion },
    errors: ["prompt_not_found", "version_not_found", "version_in_use"],
  },
  purgePrompt: {
    method: "DELETE",
    path: "/api/trash/{id}",
    access: "admin",
    summary:
      "Purge a prompt from the trash: it goes for good, with all its versions. The audit log keeps that it was there.",
    withoutDatabase: false,
    params: trashParams,
    query: projectQuery,
    answers: { 200: shapes.purgedPrompt },
    errors: ["prompt_not_found", "label_protected"],
  },
});
