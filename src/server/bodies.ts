/** The bodies of requests: JSON is read whole, lines are left to the route that reads them as they come. */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { PromptlibError } from "../contract/errors.ts";
import { namesProto, nestedDeeper } from "../contract/json-values.ts";
import type { Route } from "../contract/route.ts";

/** Only JSON, as UTF-8 that is UTF-8. */
export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : parse(decoder.decode(body as Buffer)));
    } catch (error) {
      if (error instanceof PromptlibError) return done(error);
      done(new PromptlibError("invalid_request", { message: "The body is not JSON in UTF-8.", cause: error }));
    }
  });
  app.addContentTypeParser("application/x-ndjson", (_request, _payload, done) => done(null));
}

export function isStillSending({ complete, headers }: IncomingMessage): boolean {
  return !complete && (Number(headers["content-length"] ?? 0) > 0 || headers["transfer-encoding"] !== undefined);
}

/** Ends the connection if the body is not whole in so many ms: who sends a byte now and then is never silent. */
export function endUnlessWhole(request: IncomingMessage, ms: number): void {
  if (!isStillSending(request)) return;
  const late = setTimeout(() => {
    if (!request.complete) request.socket.destroy();
  }, ms).unref();
  request.once("close", () => clearTimeout(late));
}

/** A body of the other kind would be read as if it were empty. Throws `unsupported_media_type`. */
export function requireMediaType(route: Route, { headers }: FastifyRequest): void {
  const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  const wanted = route.media ?? "application/json";
  if (!route.body || type === undefined || type === wanted) return;
  throw new PromptlibError("unsupported_media_type", { message: `This takes ${wanted}, not ${type}.` });
}

const DEPTH_LIMIT = 128;

function parse(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // Few bodies mention it, or have one of its letters escaped: the others are not walked through for it.
  if (/__proto__|\\u00[567]/i.test(text) && namesProto(value)) {
    throw new PromptlibError("invalid_request", { message: "No name may be __proto__." });
  }
  if (nestedDeeper(value, DEPTH_LIMIT)) {
    throw new PromptlibError("invalid_request", { message: `The body is nested deeper than ${DEPTH_LIMIT} levels.` });
  }
  return value;
}
