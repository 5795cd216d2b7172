/** From anything thrown to an error of the table. What is unexpected is logged whole, and told as `internal`. */
import type { Log } from "../base/log.ts";
import { type ErrorCode, PromptlibError } from "../contract/errors.ts";
import { isAway } from "../database/database.ts";

const FASTIFY_CODES: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "body_too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported_media_type",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "invalid_request",
  FST_ERR_BAD_URL: "invalid_request",
};

export function toPromptlibError(log: Log, error: unknown, requestId: string): PromptlibError {
  if (error instanceof PromptlibError) return error;
  const code = error instanceof Error && "code" in error ? FASTIFY_CODES[String(error.code)] : undefined;
  if (code) return new PromptlibError(code, { cause: error });
  if (isAway(error)) return new PromptlibError("database_unavailable", { cause: error });
  log.error({ err: error, requestId }, "unexpected error");
  return new PromptlibError("internal", { cause: error, details: { requestId } });
}
