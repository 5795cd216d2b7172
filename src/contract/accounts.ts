/** What a person does with the own account, and an operator with those of others: shapes, and rows of the table of routes. */
import { z } from "zod";
import { password, text, user, userName } from "./shapes.ts";

const changePassword = z.strictObject({
  current: text().max(1024).describe("the password until now; asked for under the same limits as a sign-in"),
  password: password.describe("the new one"),
});
export const resetUser = user.extend({ password: z.string().describe("made up; shown this once") });

const username = z.object({ username: userName });
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
} as const;

export type ResetUser = z.infer<typeof resetUser>;
