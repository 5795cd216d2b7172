/** May I: the one place that decides, from the route's access and the caller. Whatever is not allowed is refused. */
import { PromptlibError } from "../contract/errors.ts";
import type { Access } from "../contract/route.ts";
import type { Role } from "../contract/shapes.ts";
import { type AccessList, projectNotFound, requireProject } from "../library/access.ts";
import type { ProjectRef } from "../library/find.ts";
import { type Caller, isOperator, roleOf } from "./caller.ts";

const RANK: Record<Role, number> = { viewer: 1, editor: 2, admin: 3, owner: 4 };

/** A route that is about everything, unless a project is named, is for who may read everything. */
export function auditedProject(access: AccessList, caller: Caller, named: string | undefined): ProjectRef | null {
  if (isOperator(caller)) return named === undefined ? null : requireProject(access, named);
  const project = projectOf(access, caller, named);
  requireProjectAccess("admin", caller, project, null);
  return project;
}

export function needsProject(access: Access): access is "viewer" | "editor" | "label" | "admin" {
  return access === "viewer" || access === "editor" || access === "label" || access === "admin";
}

/** Throws `unauthenticated` or `forbidden`. For routes that belong to no project. */
export function requireInstanceAccess(access: Access, caller: Caller | null): void {
  if (access === "public") return;
  if (!caller) throw new PromptlibError("unauthenticated");
  if (access === "anyone") return;
  if (access === "person" && caller.kind === "user") return;
  if (access === "operator" && isOperator(caller)) return;
  throw new PromptlibError("forbidden", {
    message: access === "operator" ? "Only an operator may do this." : "Only a person who signed in may do this.",
  });
}

/**
 * The project that the request is about: a key's own, else the named one, else `default`.
 * A project in which the caller has nothing to say is not told from one that does not exist.
 */
export function projectOf(access: AccessList, caller: Caller | null, named: string | undefined): ProjectRef {
  if (!caller) throw new PromptlibError("unauthenticated");
  const own = caller.kind === "key" ? access.projectById(caller.key.projectId) : undefined;
  const project = own && named === undefined ? own : requireProject(access, named ?? "default");
  const inside = caller.kind === "key" ? caller.key.projectId === project.id : roleOf(caller, project.id) !== null;
  if (!inside) throw projectNotFound(project.name);
  return project;
}

/** Throws `forbidden`. `label` is the label that a `label` route moves. */
export function requireProjectAccess(
  access: "viewer" | "editor" | "label" | "admin",
  caller: Caller,
  project: ProjectRef,
  label: string | null,
): void {
  const allowed =
    caller.kind === "key" ? keyMay(access, caller.key.scopes, label) : roleMay(access, roleOf(caller, project.id));
  if (allowed) return;
  throw new PromptlibError("forbidden", {
    message:
      caller.kind === "key"
        ? `This API key may not do this; it has: ${caller.key.scopes.join(", ")}.`
        : `This needs the role ${access === "label" ? "editor" : access} in the project ${project.name}.`,
  });
}

/** For what goes on for long: whether the caller, as he is known now, may read in the project. */
export function mayStillRead(caller: Caller | null, project: ProjectRef): boolean {
  if (!caller) return false;
  return caller.kind === "key"
    ? caller.key.projectId === project.id && keyMay("viewer", caller.key.scopes, null)
    : roleMay("viewer", roleOf(caller, project.id));
}

function roleMay(access: "viewer" | "editor" | "label" | "admin", role: Role | null): boolean {
  return role !== null && RANK[role] >= RANK[access === "label" ? "editor" : access];
}

function keyMay(
  access: "viewer" | "editor" | "label" | "admin",
  scopes: readonly string[],
  label: string | null,
): boolean {
  switch (access) {
    case "viewer":
      return scopes.includes("read") || scopes.includes("write");
    case "editor":
      return scopes.includes("write");
    case "label":
      return scopes.includes("write") || (label !== null && scopes.includes(`label:${label}`));
    case "admin":
      return false;
  }
}

/** Which protected labels of the project the caller may move: an admin all, a key those that it names. */
export function protectedLabelsOf(caller: Caller, project: ProjectRef): "all" | readonly string[] {
  if (caller.kind !== "key") return roleMay("admin", roleOf(caller, project.id)) ? "all" : [];
  return caller.key.scopes.flatMap((scope) => /^label:(.*)$/.exec(scope)?.[1] ?? []);
}
