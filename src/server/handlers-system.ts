/** Routes about the server itself. */
import { systemHealth } from "./health.ts";
import { openApi } from "./openapi.ts";
import type { Handlers } from "./route.ts";

/** Made when first asked for: it never changes. */
let description: ReturnType<typeof openApi> | null = null;

export const systemHandlers = {
  health() {
    return { body: { status: "ok" } };
  },

  async systemHealth(_request, { backend, maintenance, guardian }) {
    const health = await systemHealth(backend, maintenance.current, guardian);
    return { status: health.status === "down" ? 503 : 200, body: health };
  },

  async metrics(_request, { metrics }) {
    return { body: await metrics.text(), headers: { "content-type": metrics.registry.contentType } };
  },

  readSettings(_request, { backend }) {
    return { body: { items: backend.config.shown } };
  },

  openapi() {
    description ??= openApi();
    return { body: description };
  },
} satisfies Partial<Handlers>;
