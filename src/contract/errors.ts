/**
 * The contract: words shared by server, client, command line and pages.
 * Browser-safe, no I/O, imports nothing of ours.
 *
 * This file is the one error table. Every error a user can meet has a code, a sentence, a hint,
 * an HTTP status and an exit code here; docs/errors.md is compared with it by a test.
 */

import { rows } from "./error-row.ts";
import { recoveryErrors } from "./recovery-errors.ts";

export const errorTable = rows({
  // What the caller sent
  invalid_request: {
    status: 400,
    exit: 2,
    message: "The request is not valid.",
    hint: "Each fault is listed in details; the shapes are in /api/openapi.json.",
  },
  usage: {
    status: 400,
    exit: 2,
    message: "The command was not understood.",
    hint: "Run it with --help to see how it is used.",
  },
  template_invalid: {
    status: 400,
    exit: 2,
    message: "The text does not parse as a Mustache template.",
    hint: 'Mend the places listed in details, or save with "template": "none" to keep braces as they are.',
  },
  render_invalid: {
    status: 400,
    exit: 2,
    message: "The prompt cannot be rendered with these values.",
    hint: "Each fault is listed in details, with its place in the text; docs/templates.md has the rules.",
  },
  render_too_large: {
    status: 413,
    exit: 2,
    message: "The rendered prompt would have more than 4,194,304 characters.",
    hint: "Give shorter values or lists, or split the prompt.",
  },
  resolve_too_large: {
    status: 413,
    exit: 2,
    message: "The prompts that were asked for in one request are too large together.",
    hint: "Fetch this one alone, or ask for fewer at once.",
  },
  import_format_unknown: {
    status: 400,
    exit: 2,
    message: "This format cannot be imported.",
    hint: "promptlib import --help lists the formats; docs/importing.md says what becomes what.",
  },
  body_too_large: {
    status: 413,
    exit: 2,
    message: "The request is larger than 2 MiB, or a sign-in larger than 16 KiB.",
    hint: "The content of one version may have 1 MiB. Use the import for many prompts: it is streamed.",
  },
  content_too_large: {
    status: 413,
    exit: 2,
    message: "The content of this version is larger than 1 MiB.",
    hint: "Split the prompt, or keep attachments elsewhere and refer to them.",
  },
  unsupported_media_type: {
    status: 415,
    exit: 2,
    message: "The body has a media type that is not understood here.",
    hint: "Send application/json, or application/x-ndjson to the import.",
  },

  // Who is asking
  unauthenticated: {
    status: 401,
    exit: 4,
    message: "This needs a login token or an API key.",
    hint: 'Send "Authorization: Bearer …" with an API key (promptlib key create) or a token from POST /api/auth/login.',
  },
  login_failed: {
    status: 401,
    exit: 4,
    message: "The user name or the password is wrong.",
    hint: "Check both. An operator can make a new password with: promptlib user reset NAME",
  },
  password_wrong: {
    status: 403,
    exit: 4,
    message: "The present password is wrong; nothing was changed.",
    hint: "Check it. Who has forgotten it asks an operator for: promptlib user reset NAME",
  },
  forbidden: {
    status: 403,
    exit: 4,
    message: "You may not do this.",
    hint: "docs/permissions.md lists who may do what; ask an admin of the project or an operator.",
  },
  label_protected: {
    status: 403,
    exit: 4,
    message: "This would move a label that is protected in this project.",
    hint: "It takes the role admin, or an API key with the scope label:NAME. Protected labels: promptlib protect",
  },
  csrf: {
    status: 403,
    exit: 4,
    message: "A request that writes with a cookie must carry the header X-Promptlib-Csrf.",
    hint: "Send the header X-Promptlib-Csrf: 1, or use a bearer token instead of the cookie.",
  },
  too_many_attempts: {
    status: 429,
    exit: 6,
    message: "Too many failed attempts.",
    hint: "Wait as long as Retry-After says, then try again.",
  },

  // What is there
  not_found: {
    status: 404,
    exit: 3,
    message: "There is nothing at this address.",
    hint: "The addresses are listed in /api/openapi.json.",
  },
  prompt_not_found: {
    status: 404,
    exit: 3,
    message: "There is no prompt of this name.",
    hint: "List the names there are with: promptlib list",
  },
  version_not_found: {
    status: 404,
    exit: 3,
    message: "The prompt has no such version.",
    hint: "The newest version is in details.",
  },
  version_redacted: {
    status: 410,
    exit: 3,
    message: "This version was redacted: what it said is gone.",
    hint: "Take another version. Who redacted it, and when, is in the list of versions.",
  },
  label_not_found: {
    status: 404,
    exit: 3,
    message: "The prompt has no such label.",
    hint: "The labels there are, are listed in details.",
  },
  alias_not_found: {
    status: 404,
    exit: 3,
    message: "There is no alias of this name.",
    hint: "List the aliases with: promptlib alias",
  },
  project_not_found: {
    status: 404,
    exit: 3,
    message: "There is no project of this name that you can see.",
    hint: "List the projects with GET /api/projects.",
  },
  user_not_found: {
    status: 404,
    exit: 3,
    message: "There is no user of this name.",
    hint: "List the users with: promptlib user list",
  },
  key_not_found: {
    status: 404,
    exit: 3,
    message: "There is no API key with this id.",
    hint: "List the keys with: promptlib key list",
  },
  session_not_found: {
    status: 404,
    exit: 3,
    message: "There is no session with this id that has not ended.",
    hint: "List the sessions with: promptlib session list --user NAME",
  },
  file_not_found: {
    status: 404,
    exit: 3,
    message: "The file could not be read.",
    hint: "Check the path and its permissions.",
  },

  // What stands in the way
  bundle_invalid: {
    status: 400,
    exit: 2,
    message: "This is not a bundle of prompts, or not a whole one.",
    hint: "Make it anew with: promptlib bundle FILE",
  },
  version_conflict: {
    status: 412,
    exit: 5,
    message: "Someone saved a newer version meanwhile.",
    hint: "Look at details.between, merge, and save with the newest version as baseVersion.",
  },
  label_moved: {
    status: 409,
    exit: 5,
    message: "The label is on another version by now.",
    hint: "Look at its history, then decide again: promptlib label NAME LABEL --history",
  },
  nothing_to_undo: {
    status: 409,
    exit: 5,
    message: "The label has no move that could be undone.",
    hint: "All of them were taken back already; put the label where it belongs: promptlib label NAME LABEL VERSION",
  },
  promotion_refused: {
    status: 409,
    exit: 5,
    message: "Some of these prompts cannot be promoted; nothing was moved.",
    hint: "Each is listed in details with what is wrong. Leave them out, or mend them, and promote again.",
  },
  version_in_use: {
    status: 409,
    exit: 5,
    message: "A label is on this version, so applications fetch it.",
    hint: "Move the labels in details to another version first; for latest, save a new version.",
  },
  type_conflict: {
    status: 409,
    exit: 5,
    message: "The type of a prompt never changes.",
    hint: "Save it under another name, or send the type it has.",
  },
  include_unresolved: {
    status: 409,
    exit: 5,
    message: "What this prompt includes cannot be had.",
    hint: "Each fault is listed in details: save or label what is missing, or name a version or label: {{> name@label}}.",
  },
  prompt_included: {
    status: 409,
    exit: 5,
    message: "Other prompts include this one.",
    hint: "Save them without the include first, or move them to the trash; their names are in details.includedBy.",
  },
  already_exists: {
    status: 409,
    exit: 5,
    message: "This name is taken.",
    hint: "Choose another name.",
  },
  key_ended: {
    status: 409,
    exit: 5,
    message: "This API key was revoked or has expired.",
    hint: "Make a new one with: promptlib key create NAME",
  },
  last_operator: {
    status: 409,
    exit: 5,
    message: "This would leave the library without an operator.",
    hint: "Make someone else operator first: promptlib user operator NAME",
  },
  last_owner: {
    status: 409,
    exit: 5,
    message: "This would leave the project without an owner.",
    hint: "Make someone else owner first.",
  },
  import_incomplete: {
    status: 200,
    exit: 7,
    message: "Some items were not imported.",
    hint: "Each is listed with its line and the reason; everything else was imported.",
  },

  // What is away
  database_unavailable: {
    status: 503,
    exit: 6,
    message: "The database does not answer; reading goes on, writing waits for it.",
    hint: "Try again as Retry-After says. GET /api/system/health shows when it is back.",
  },
  search_too_slow: {
    status: 504,
    exit: 6,
    message: "This search takes too long; it was given up.",
    hint: "Narrow it: a rarer word, a folder, tag or label, or names alone (in=names). The same again will hardly be faster.",
  },
  maintenance: {
    status: 503,
    exit: 6,
    message: "The library is in maintenance.",
    hint: "Try again when it is over, as Retry-After says; GET /api/maintenance shows it. An operator ends it: promptlib maintenance off",
  },
  too_many_listeners: {
    status: 503,
    exit: 4,
    message: "Too many listen for changes here already.",
    hint: "Wait, or ask another server; EVENT_LISTENERS says how many there may be. Fetching does not need it.",
  },
  too_many_exports: {
    status: 503,
    exit: 6,
    message: "Too many exports are being read here already.",
    hint: "Wait until one is done, as Retry-After says, or take the nightly export. Nothing else waits for them.",
  },
  write_outcome_unknown: {
    status: 503,
    exit: 6,
    message: "The database went away while this was being written; it may or may not have been saved.",
    hint: "Read it when the database is back; saving the same content again makes no second version.",
  },
  server_unreachable: {
    status: 503,
    exit: 6,
    message: "The server does not answer.",
    hint: "Start it with: npm start, or name it with PROMPTLIB_URL.",
  },
  not_running: {
    status: 503,
    exit: 6,
    message: "No Prompt Library runs on this home.",
    hint: "Start it with: promptlib up, or name another server with PROMPTLIB_URL and PROMPTLIB_API_KEY.",
  },

  // Why it does not start
  config_invalid: {
    status: 500,
    exit: 2,
    message: "The configuration is not valid; nothing was started.",
    hint: "Mend every fault listed; docs/configuration.md explains each setting.",
  },
  port_in_use: {
    status: 500,
    exit: 10,
    message: "The port is in use by another program.",
    hint: "Stop that program, or choose another port with PORT=….",
  },
  home_in_use: {
    status: 500,
    exit: 11,
    message: "Another Prompt Library is running on this home.",
    hint: "Stop it first, or choose another home with PROMPTLIB_HOME=….",
  },
  home_not_writable: {
    status: 500,
    exit: 12,
    message: "The home cannot be written.",
    hint: "Give this user write permission to it, or choose another home with PROMPTLIB_HOME=….",
  },
  disk_full: {
    status: 507,
    exit: 13,
    message: "There is too little free space on the disk.",
    hint: "Free some space, or put the home on another disk with PROMPTLIB_HOME=….",
  },
  postgres_version_mismatch: {
    status: 500,
    exit: 14,
    message: "The data directory was made by another major version of PostgreSQL.",
    hint: "Point POSTGRES_BIN at the binaries of that version, or choose another home. The data was not touched.",
  },
  unsupported_platform: {
    status: 500,
    exit: 15,
    message: "Prompt Library runs on Linux with glibc, on x64 and arm64.",
    hint: "Run it on such a machine, or in a container with a Debian image.",
  },
  database_newer: {
    status: 500,
    exit: 16,
    message: "The database was written by a newer Prompt Library.",
    hint: "Start the newer version again. The data was not touched.",
  },
  postgres_start_failed: {
    status: 500,
    exit: 17,
    message: "PostgreSQL did not start.",
    hint: "Its own words are in logs/postgres.log of the home.",
  },
  no_postgres_account: {
    status: 500,
    exit: 18,
    message: "PostgreSQL refuses to run as root, and no unprivileged account was found to run it.",
    hint: "Make an account named promptlib (useradd --system promptlib), or start as an ordinary user.",
  },

  ...recoveryErrors,
  interrupted: {
    status: 499,
    exit: 130,
    message: "Interrupted.",
    hint: "What was finished stays; run the same command again to go on.",
  },
  internal: {
    status: 500,
    exit: 1,
    message: "Something unexpected went wrong on our side.",
    hint: "The request id is in the answer; the log has the rest. Please report it.",
  },
});

export type ErrorCode = keyof typeof errorTable;

interface ErrorOptions {
  message?: string;
  hint?: string;
  details?: unknown;
  cause?: unknown;
}

/** The only error type that reaches a user. Everything else is a bug and becomes `internal`. */
export class PromptlibError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly details: unknown;

  constructor(code: ErrorCode, options: ErrorOptions = {}) {
    const row = errorTable[code];
    super(options.message ?? row.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PromptlibError";
    this.code = code;
    this.hint = options.hint ?? row.hint;
    this.details = options.details;
  }

  get status(): number {
    return errorTable[this.code].status;
  }

  get exit(): number {
    return errorTable[this.code].exit;
  }

  /** The body of an error answer, and of `--json` on failure. */
  toJSON(): ErrorBody {
    const { code, message, hint, details } = this;
    return { error: details === undefined ? { code, message, hint } : { code, message, hint, details } };
  }
}

export interface ErrorBody {
  error: { code: string; message: string; hint: string; details?: unknown };
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}
