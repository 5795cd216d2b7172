/** The routes of applications that hold many prompts: all of them in one request, and word of what changed. */
import { promptChange } from "./changes.ts";
import { resolveAnswer, resolveRequest } from "./resolve.ts";
import { projectQuery, table } from "./route.ts";

export const changeRoutes = table({
  resolvePrompts: {
    method: "POST",
    path: "/api/resolve",
    access: "viewer",
    summary: "Fetch many prompts in one request; each is answered, or has its own error.",
    withoutDatabase: true,
    query: projectQuery,
    body: resolveRequest,
    answers: { 200: resolveAnswer },
    errors: [
      "prompt_not_found",
      "version_not_found",
      "label_not_found",
      "version_redacted",
      "resolve_too_large",
      "database_unavailable",
    ],
  },
  listenChanges: {
    method: "GET",
    path: "/api/changes",
    access: "viewer",
    summary: "Follow the changes of the project's prompts as server-sent events; Last-Event-ID goes on behind one.",
    withoutDatabase: true,
    query: projectQuery,
    media: "text/event-stream",
    answers: { 200: promptChange },
    errors: ["too_many_listeners"],
  },
});
