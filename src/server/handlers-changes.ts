/** Routes for applications that hold many prompts: all of them in one request, and word of what changed. */
import { callerName } from "./caller.ts";
import { EVENT_STREAM } from "./change-listener.ts";
import { mayStillRead } from "./permission.ts";
import { resolvePrompts } from "./resolve.ts";
import type { Handlers } from "./route.ts";

export const changeHandlers = {
  async resolvePrompts({ project, caller, body }, { backend, fetchCounts }) {
    const name = caller.kind === "key" ? caller.key.id : callerName(caller);
    const resolved = await resolvePrompts(backend, project, body, ({ promptId }, ref) =>
      fetchCounts.fetched(promptId, ref, name),
    );
    const headers: Record<string, string> = { etag: resolved.etag, "cache-control": "no-store" };
    if (resolved.fromMirror) headers["x-served-from"] = "mirror";
    return { body: resolved.body, headers };
  },

  listenChanges({ project, caller, raw }, { backend, gate }) {
    // Every GET is also a HEAD: that one has no body, and ends.
    if (raw.method === "HEAD") return { headers: { "content-type": EVENT_STREAM } };
    const id = raw.headers["last-event-id"];
    const stream = backend.events.admit({
      caller: callerName(caller),
      projectId: project.id,
      lastEventId: typeof id === "string" && id !== "" ? id : null,
      stillMay: () => mayStillRead(gate.renewed(caller), project),
    });
    return { stream };
  },
} satisfies Partial<Handlers>;
