/** What a person does with the own account, and an operator with those of others: shapes, and rows of the table of routes. */
import { z } from "zod";
import { apiKey, createdKey, listOf, password, projectName, storedInstant, text, user, userName } from "./shapes.ts";

const changePassword = z.strictObject({
  current: text().max(1024).describe("the password until now; asked for under the same limits as a sign-in"),
  password: password.describe("the new one"),
});
export const resetUser = user.extend({ password: z.string().describe("made up; shown this once") });
export const session = z.object({
  id: z.uuid(),
  username: userName,
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  address: z.string().nullable().describe("where the sign-in came from"),
  browser: z.string().nullable().describe("in a few words, as far as it tells: Firefox on Linux"),
  userAgent: z.string().nullable().describe("its own words, the first 256 characters"),
  current: z.boolean().describe("whether it is the session that asks"),
});

const rotateKey = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(90 * 86_400)
    .optional()
    .describe("how long the old key works on; 24 hours when left out, 0: it is revoked at once"),
  expiresAt: storedInstant()
    .optional()
    .describe(
      "of the new key, not in the past; left out: as long after now as the old key's was after its making, if it had one",
    ),
});
const rotatedKey = createdKey.extend({ replaces: apiKey.describe("the old key, with its new end") });

const username = z.object({ username: userName });
const usernameAndId = z.object({ username: userName, id: z.uuid() });
const noQuery = z.strictObject({});

/** Plain rows: routes.ts, which has the type of a row, takes them into the table. */
export const accountRoutes = {
  changePassword: {
    method: "POST",
    path: "/api/auth/password",
    access: "person",
    summary: "Change the own password. All other sessions of the person end, this one goes on.",
    withoutDatabase: false,
    query: noQuery,
    body: changePassword,
    answers: { 204: null },
    errors: ["password_wrong", "too_many_attempts"],
  },
  resetPassword: {
    method: "POST",
    path: "/api/users/{username}/reset",
    access: "operator",
    summary: "Give a user a made-up password, which is answered this once. All sessions of the user end.",
    withoutDatabase: false,
    params: username,
    query: noQuery,
    answers: { 200: resetUser },
    errors: ["user_not_found"],
  },
  listSessions: {
    method: "GET",
    path: "/api/sessions",
    access: "person",
    summary: "List the own sessions that have not ended, last signed in first.",
    withoutDatabase: false,
    query: noQuery,
    answers: { 200: listOf(session) },
    errors: [],
  },
  endSession: {
    method: "DELETE",
    path: "/api/sessions/{id}",
    access: "person",
    summary: "End one of the own sessions.",
    withoutDatabase: false,
    params: z.object({ id: z.uuid() }),
    query: noQuery,
    answers: { 204: null },
    errors: ["session_not_found"],
  },
  listUserSessions: {
    method: "GET",
    path: "/api/users/{username}/sessions",
    access: "operator",
    summary: "List the sessions of a user that have not ended, last signed in first.",
    withoutDatabase: false,
    params: username,
    query: noQuery,
    answers: { 200: listOf(session) },
    errors: ["user_not_found"],
  },
  endUserSession: {
    method: "DELETE",
    path: "/api/users/{username}/sessions/{id}",
    access: "operator",
    summary: "End one session of a user.",
    withoutDatabase: false,
    params: usernameAndId,
    query: noQuery,
    answers: { 204: null },
    errors: ["user_not_found", "session_not_found"],
  },
  endUserSessions: {
    method: "DELETE",
    path: "/api/users/{username}/sessions",
    access: "operator",
    summary: "End all sessions of a user.",
    withoutDatabase: false,
    params: username,
    query: noQuery,
    answers: { 204: null },
    errors: ["user_not_found"],
  },
  rotateKey: {
    method: "POST",
    path: "/api/keys/{id}/rotate",
    access: "admin",
    summary: "Make a new API key in the place of one, with its name and scopes; the old one works on for the overlap.",
    withoutDatabase: false,
    params: z.object({ id: text().max(64) }),
    query: z.strictObject({
      project: projectName.optional().describe("for logins; a key belongs to one project"),
    }),
    body: rotateKey,
    answers: { 201: rotatedKey },
    errors: ["key_not_found", "key_ended"],
  },
} as const;

export type RotateKey = z.infer<typeof rotateKey>;
export type RotatedKey = z.infer<typeof rotatedKey>;
export type Session = z.infer<typeof session>;
export type ResetUser = z.infer<typeof resetUser>;
