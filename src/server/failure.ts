/** From anything thrown to an error of the table. What is unexpected is logged whole, and told as `internal`. */
import type { Log } from "../base/log.ts";
import { type ErrorCode, PromptlibError } from "../contract/errors.ts";
import { isAway } from "../database/database.ts";

const byMirror = new WeakSet<PromptlibError>();

/** The mirror knows of no such thing while the database is away: no more than that is told by the error. */
export function toldByMirror(error: PromptlibError): PromptlibError {
  byMirror.add(error);
  return error;
}

export function isToldByMirror(error: PromptlibError): boolean {
  return byMirror.has(error);
}

const BAD_ADDRESS = { message: "The address of the request is not one: it is too long, or its %-signs are wrong." };
const FASTIFY_ERRORS: Record<string, [ErrorCode, { message?: string }]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ["body_too_large", {}],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["unsupported_media_type", {}],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["invalid_request", { message: "The body is not as long as its length says." }],
  FST_ERR_BAD_URL: ["invalid_request", BAD_ADDRESS],
  FST_ERR_INVALID_URL: ["invalid_request", BAD_ADDRESS],
  FST_ERR_MAX_PARAM_LENGTH: ["invalid_request", BAD_ADDRESS],
};

export function toPromptlibError(log: Log, error: unknown, requestId: string): PromptlibError {
  if (error instanceof PromptlibError) return error;
  const known = error instanceof Error && "code" in error ? FASTIFY_ERRORS[String(error.code)] : undefined;
  if (known) return new PromptlibError(known[0], { ...known[1], cause: error });
  if (isAway(error)) return new PromptlibError("database_unavailable", { cause: error });
  log.error({ err: error, requestId }, "unexpected error");
  return new PromptlibError("internal", { cause: error, details: { requestId } });
}
