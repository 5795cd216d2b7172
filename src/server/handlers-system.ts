/** Routes about the server itself. */
import { systemHealth } from "./health.ts";
import { openApi } from "./openapi.ts";
import type { Handlers } from "./route.ts";

export const systemHandlers = {
  health() {
    return { body: { status: "ok" } };
  },

  async systemHealth(_request, { backend }) {
    const health = await systemHealth(backend);
    return { status: health.status === "down" ? 503 : 200, body: health };
  },

  async metrics(_request, { metrics }) {
    return { body: await metrics.text(), headers: { "content-type": metrics.registry.contentType } };
  },

  openapi() {
    return { body: openApi() };
  },
} satisfies Partial<Handlers>;
