/**
 * The typed client: applications, pages, the command line and the guardian's probes talk to the server through it.
 * Browser-safe; needs nothing but `fetch`. This file is the public entry (`promptlib/sdk`).
 */
export type { ResetUser, RotatedKey, RotateKey, Session } from "../contract/accounts.ts";
export type { AuditEntry, AuditFilter } from "../contract/audit.ts";
export type { PromptChange } from "../contract/changes.ts";
export type { DiffHunk, MessageDiff, TextDiff, ValueDiff, VersionDiff } from "../contract/diff.ts";
export {
  type ErrorBody,
  type ErrorCode,
  isErrorCode,
  PromptlibError,
} from "../contract/errors.ts";
export type { ImportItem, ImportPiece, ImportSummary } from "../contract/import-shapes.ts";
export type {
  LabelFetches,
  LabelledPrompt,
  LabelMove,
  LabelPosition,
  PromoteLabel,
  Promotion,
  ProtectedLabel,
  UndoneMove,
} from "../contract/label-shapes.ts";
export type { SetMaintenance } from "../contract/maintenance.ts";
export type { Job, JobOrder, Level, ListedJob, Progress, Readiness, ReadinessReason } from "../contract/recovery.ts";
export type {
  BackupInfo,
  DrillReport,
  LocationInfo,
  PlanRequest,
  RecoveryInfo,
  RestoreReport,
  ToldPlan,
} from "../contract/recovery-shapes.ts";
export type { RenderedPrompt, RenderRequest } from "../contract/render.ts";
export type { Ref, ResolveAnswer, ResolvedItem } from "../contract/resolve.ts";
export type {
  ChangeUser,
  FetchQuery,
  ImportQuery,
  ListQuery,
  LoginAnswer,
  NewKey,
  NewProject,
  NewUser,
} from "../contract/routes.ts";
export type { FolderCount, FoundPrompt, LabelCount, SearchIn, SearchMatch, TagCount } from "../contract/search.ts";
export type { ShownSetting, ShownSettings } from "../contract/settings.ts";
export type {
  Alias,
  ApiKey,
  CreatedKey,
  Identity,
  Json,
  List,
  Maintenance,
  Member,
  Message,
  MovePrompt,
  PatchPrompt,
  Project,
  Prompt,
  PromptSummary,
  PromptType,
  PurgedPrompt,
  RedactedVersion,
  Role,
  SavedPrompt,
  SavePrompt,
  SystemHealth,
  TrashedPrompt,
  User,
  Variable,
  VersionSummary,
} from "../contract/shapes.ts";
export { type FindPrompt, type ResolvedIncludes, resolveIncludes } from "../prompt/includes.ts";
export { type AnthropicMessages, formatRendered, type RenderFormat, type RenderOutput } from "../prompt/messages.ts";
export { type Rendered, type RenderedMessage, render } from "../prompt/render.ts";
export type { RenderFault } from "../prompt/render-fault.ts";
export { BUNDLE_FORMAT, type Bundle, readBundle } from "./bundle.ts";
export type { ChangeEvent, ListenOptions } from "./changes.ts";
export { type Client, createClient } from "./client.ts";
export { collectPages } from "./collect-pages.ts";
export type { ImportLine, ImportOptions } from "./import.ts";
export type { AtMoment } from "./labels.ts";
export { type BundleOptions, makeBundle } from "./make-bundle.ts";
export type { FetchedPrompt, PageOptions, PromptFilter, PromptPage, RenderedAnswer, WhichVersion } from "./prompts.ts";
export {
  createReader,
  type Read,
  type Reader,
  type ReaderOptions,
  type ReadFrom,
  type ReadOptions,
  type ReadRendered,
  type RenderOptions,
} from "./reader.ts";
export type { DiffAnswer, DiffSides, Served } from "./search.ts";
export { type ClientOptions, networkCode, type ServedFrom } from "./transport.ts";
