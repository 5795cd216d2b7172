/** Shapes of what crosses between processes: zod without transforms, so that each is also a JSON schema. */
import { z } from "zod";

/** Bytes of the content of one version (text or messages, as UTF-8), and of one request. */
export const CONTENT_LIMIT = 1024 * 1024;
export const REQUEST_LIMIT = 2 * CONTENT_LIMIT;
/** Of a request that anybody may send: nobody unknown makes the server keep megabytes for him. */
export const PUBLIC_REQUEST_LIMIT = 16 * 1024;

/** PostgreSQL stores neither NUL nor half a surrogate pair, so neither is a string here. */
const storable = (text: string) => !text.includes("\u0000") && text.isWellFormed();
function storableJson(value: Json): boolean {
  if (typeof value === "string") return storable(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, inner]) => storable(key) && storableJson(inner));
}
export const text = () =>
  z.string().refine(storable, "holds a NUL character or half a surrogate pair, which cannot be stored");

export const promptName = text()
  .min(1)
  .max(255)
  .describe("1 to 255 bytes, NFC; / makes folders; in a URL / is written %2F");
export const labelName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,35}$/, "a label is 1 to 36 of a-z 0-9 . _ - and starts with a letter or digit");
export const projectName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "a project name is 1 to 63 of a-z 0-9 - and starts with a letter or digit");
export const userName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/, "a user name is 1 to 64 of a-z 0-9 . _ @ - and starts with a letter or digit");
export const password = text().min(12, "a password has at least 12 characters").max(1024);
export const tag = text()
  .trim()
  .min(1)
  .max(64)
  // It is kept in NFC, in which some characters are two.
  .refine((given) => given.normalize("NFC").length <= 64, "a tag has at most 64 characters in NFC");
const LARGEST_VERSION = 2147483647;
export const versionNumber = z.int().min(1).max(LARGEST_VERSION);
export const instant = z.iso.datetime().describe("UTC, ISO 8601");
/** PostgreSQL's calendar has no year 0. */
export const storedInstant = () => z.iso.datetime().refine((at) => !at.startsWith("0000"), "there is no year 0");

export const promptType = z.enum(["text", "chat"]);
const template = z.enum(["mustache", "none"]).describe("none: braces stay as they are");
export const message = z.union([
  z.strictObject({ role: z.enum(["system", "developer", "user", "assistant", "tool"]), content: text() }),
  z.strictObject({ placeholder: text().min(1).max(128).describe("takes a list of messages when rendered") }),
]);
const json: z.ZodType<Json> = z
  .json()
  .refine(storableJson, "holds a NUL character or half a surrogate pair, which cannot be stored");
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export const variable = z.strictObject({
  type: z.enum(["string", "number", "boolean", "json", "messages"]).optional(),
  default: json.optional(),
  description: text().max(2000).optional(),
  required: z.boolean().optional(),
});
const variables = z.record(text().min(1).max(128), variable);
const config = z.record(text().min(1).max(128), json).describe("free JSON: model, temperature, …");

/** What a version consists of: only these make the content hash, and a new version. */
export const content = z.object({
  text: text().optional(),
  messages: z.array(message).optional(),
  variables,
  config,
  template,
});

export const savePrompt = z
  .strictObject({
    name: promptName,
    type: promptType.optional().describe("may be left out: text and messages tell"),
    text: text().optional(),
    messages: z.array(message).min(1).max(1000).optional(),
    variables: variables.optional().describe("of this version; left out: none"),
    config: config.optional().describe("of this version; left out: empty"),
    template: template.optional().describe("of this version; left out: mustache. none: braces stay as they are"),
    tags: z.array(tag).max(50).optional().describe("replaces the prompt's tags; left out: they stay"),
    description: text().max(2000).optional(),
    labels: z.array(labelName).max(20).optional().describe("moved to the saved version"),
    message: text().max(2000).optional().describe("why this version was made"),
    baseVersion: z
      .int()
      .min(0)
      .max(LARGEST_VERSION)
      .optional()
      .describe("412 when this is not the newest version any more; 0: when there is a prompt of this name"),
    baseHash: z.string().max(71).optional().describe("contentHash of baseVersion; 412 where it is not"),
  })
  .refine((body) => (body.text === undefined) !== (body.messages === undefined), "give either text or messages")
  .refine((body) => body.baseHash === undefined || body.baseVersion, "give baseHash together with baseVersion")
  .refine((body) => body.type !== "chat" || body.messages !== undefined, "a chat prompt has messages, not text")
  .refine((body) => body.type !== "text" || body.text !== undefined, "a text prompt has text, not messages");

export const patchPrompt = z
  .strictObject({ description: text().max(2000).optional(), tags: z.array(tag).max(50).optional() })
  .refine((body) => Object.keys(body).length > 0, "give description or tags");

export const renamePrompt = z.strictObject({ to: promptName });
export const movePrompt = z.strictObject({
  project: projectName.describe("where it goes"),
  name: promptName.optional().describe("its name there; the one that it has when left out"),
});
export const duplicatePrompt = z
  .strictObject({
    to: promptName,
    version: versionNumber.optional(),
    label: labelName.optional().describe("latest when neither version nor label is given"),
  })
  .refine(({ version, label }) => version === undefined || label === undefined, "give either version or label");

const promptFields = {
  project: projectName,
  name: promptName,
  type: promptType,
  description: z.string(),
  tags: z.array(z.string()),
};
const versionFields = {
  version: versionNumber,
  author: z.string().describe("user:NAME, key:ID or local:OS-USER"),
  message: z.string(),
  createdAt: instant,
  contentHash: z.string().describe("sha256: and hex, over the canonical content"),
  labels: z.array(z.string()).describe("labels on this version; latest among them when it is the newest"),
};

/** One version of a prompt as it is fetched. */
export const prompt = z.object({
  ...promptFields,
  ...versionFields,
  newest: versionNumber,
  text: z.string().optional(),
  messages: z.array(message).optional(),
  variables,
  config,
  template,
});
export const savedPrompt = prompt.extend({
  created: z.boolean().describe("false: the newest version had this content"),
  nameOf: text()
    .optional()
    .describe("the present name of the prompt that was called so before, and answers under this name no more"),
});

/** One prompt in a list: everything but its content. */
export const promptSummary = z.object({
  ...promptFields,
  newest: versionNumber,
  labels: z.record(z.string(), versionNumber),
  createdAt: instant,
  updatedAt: instant,
});
export const versionSummary = z.object({
  ...versionFields,
  redactedAt: instant.nullable().describe("when what it said was taken out"),
  redactedBy: z.string().nullable(),
});
export const redactVersion = z.strictObject({ reason: text().trim().min(1).max(2000).describe("for the audit log") });
export const redactedVersion = versionSummary.extend({
  name: promptName,
  heldByBackupsUntil: instant.nullable().describe("null: as long as backups and WAL from before are kept"),
  copies: z
    .array(z.object({ name: promptName, version: versionNumber, trashed: z.boolean() }))
    .describe("versions of the project that say just the same and are not redacted, the first 100"),
});
/** A name that a prompt had before and still answers under. */
export const alias = z.object({
  name: promptName,
  prompt: promptName.describe("the prompt's present name"),
  madeAt: instant,
  madeBy: z.string(),
});
export const trashedPrompt = z.object({
  id: z.string(),
  ...promptFields,
  newest: versionNumber,
  trashedAt: instant,
  trashedBy: z.string(),
});

export const purgedPrompt = trashedPrompt.extend({
  heldByBackupsUntil: instant.nullable().describe("null: as long as backups and WAL from before are kept"),
});

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable(),
    total: z.int(),
    totalIsExact: z.boolean(),
  });
}

export const role = z.enum(["owner", "admin", "editor", "viewer"]);
export const keyScope = z
  .string()
  .regex(/^(read|write|label:[a-z0-9][a-z0-9._-]{0,35})$/, "a scope is read, write or label:NAME");
export const user = z.object({
  username: userName,
  operator: z.boolean(),
  disabled: z.boolean(),
  projects: z.record(projectName, role),
  createdAt: instant,
});
export const apiKey = z.object({
  id: z.string(),
  project: projectName,
  name: z.string(),
  scopes: z.array(keyScope),
  createdBy: z.string(),
  createdAt: instant,
  expiresAt: instant.nullable(),
  revokedAt: instant.nullable(),
  lastUsedAt: instant.nullable().describe("written once a minute"),
});
export const createdKey = apiKey.extend({ key: z.string().describe("shown this once: plk_ID_SECRET") });
export const project = z.object({
  name: projectName,
  description: z.string(),
  role: role.nullable(),
  createdAt: instant,
});
export const member = z.object({ username: userName, role });
export const identity = z.object({
  kind: z.enum(["user", "key", "local"]),
  name: z.string(),
  operator: z.boolean(),
  projects: z.record(projectName, role),
  changesPlace: z
    .string()
    .nullable()
    .describe("as Last-Event-ID of GET /api/changes: tells what changes from now on; null: not known at the moment"),
});

const part = z.object({
  state: z.enum(["up", "degraded", "down"]),
  latencyMs: z.number().nullable(),
  note: z.string().nullable(),
});
/** From everything to nothing. */
export const maintenanceModes = ["off", "read-only", "closed"] as const;
export const maintenance = z.object({
  mode: z.enum(maintenanceModes).describe("read-only refuses writes, closed also reads"),
  message: text().max(1000).describe("for users, in the answers that refuse"),
  since: instant.nullable().describe("when it was set last; null: never"),
  endsAt: instant.nullable().describe("when it is planned to end; it does not end by itself"),
});
export const systemHealth = z.object({
  status: z.enum(["healthy", "degraded", "down"]),
  message: z.string(),
  version: z.string(),
  maintenance,
  parts: z.record(z.string(), part),
});

export const errorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), hint: z.string(), details: z.unknown().optional() }),
});

export type Prompt = z.infer<typeof prompt>;
export type SavedPrompt = z.infer<typeof savedPrompt>;
export type SavePrompt = z.infer<typeof savePrompt>;
export type PatchPrompt = z.infer<typeof patchPrompt>;
export type MovePrompt = z.infer<typeof movePrompt>;
export type DuplicatePrompt = z.infer<typeof duplicatePrompt>;
export type Alias = z.infer<typeof alias>;
export type PurgedPrompt = z.infer<typeof purgedPrompt>;
export type PromptSummary = z.infer<typeof promptSummary>;
export type PromptType = z.infer<typeof promptType>;
export type RedactedVersion = z.infer<typeof redactedVersion>;
export type VersionSummary = z.infer<typeof versionSummary>;
export type TrashedPrompt = z.infer<typeof trashedPrompt>;
export type Content = z.infer<typeof content>;
export type Message = z.infer<typeof message>;
export type Variable = z.infer<typeof variable>;
export type Role = z.infer<typeof role>;
export type User = z.infer<typeof user>;
export type ApiKey = z.infer<typeof apiKey>;
export type CreatedKey = z.infer<typeof createdKey>;
export type Project = z.infer<typeof project>;
export type Member = z.infer<typeof member>;
export type Identity = z.infer<typeof identity>;
export type Maintenance = z.infer<typeof maintenance>;
export type MaintenanceMode = Maintenance["mode"];
export type SystemHealth = z.infer<typeof systemHealth>;
export interface List<T> {
  items: T[];
  nextCursor: string | null;
  total: number;
  totalIsExact: boolean;
}
