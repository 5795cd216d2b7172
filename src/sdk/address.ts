/**
 * Where a server is and who asks it, as they were given. `fetch` repeats in its errors what it refuses to send: what holds
 * a secret and cannot be sent is refused before, and never shown.
 */
import { PromptlibError } from "../contract/errors.ts";

/** Pages may give a path. Throws `invalid_request`. */
export function addressFrom(url: string): string {
  const parsed = URL.canParse(url, "http://page") ? new URL(url, "http://page") : null;
  const holdsSecret = parsed ? parsed.username !== "" || parsed.password !== "" : url.includes("@");
  if (!holdsSecret) return url.replace(/\/+$/, "");
  throw new PromptlibError("invalid_request", {
    message: "The address holds a user name or password, which cannot be sent.",
    hint: "Give the address without them, and who asks as an API key or a login token.",
  });
}

/** Blanks around it, the end of the line of a file say, are no part of it. Throws `invalid_request`. */
export function tokenFrom(given: string | undefined): string | undefined {
  const token = given?.trim();
  if (!token || /^[\x21-\x7e]+$/.test(token)) return token;
  throw new PromptlibError("invalid_request", {
    message: "The token holds characters that no token has, a line break say.",
    hint: "Give the API key or login token as it was shown, in one line.",
  });
}
