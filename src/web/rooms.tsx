/** What is beside the library: each room is a chunk of its own, loaded when somebody goes there. */
import { type ComponentType, lazy } from "react";
import type { RoomName } from "./address.ts";
import { NotArrived } from "./shell/not-arrived.tsx";
import type { RoomProps } from "./shell/page.tsx";

type Who = Pick<RoomProps, "identity" | "access">;

export interface Room {
  /** As the menu calls it. */
  title: string;
  /** Under which heading it stands; left out: the project’s. `you`: in the menu about oneself. */
  group?: "project" | "library" | "you";
  /** Whether the menu offers it; the server decides by itself who may what. */
  isFor(props: Who): boolean;
  Page: ComponentType<RoomProps>;
}

const forMembers = ({ access }: Who) => access !== null;
const forAdmins = ({ access }: Who) => access?.mayAdmin ?? false;
const forOperators = ({ identity }: Who) => identity.operator;

function chunk(load: () => Promise<{ default: ComponentType<RoomProps> }>): ComponentType<RoomProps> {
  return lazy(() => load().catch(() => ({ default: NotArrived })));
}

/** In the order of the menu. */
export const ROOMS: Readonly<Record<RoomName, Room>> = {
  import: {
    title: "Import",
    group: "project",
    isFor: ({ access }) => access?.mayEdit ?? false,
    Page: chunk(() => import("./import/import-page.tsx")),
  },
  export: {
    title: "Export",
    group: "project",
    isFor: ({ access }) => access !== null,
    Page: chunk(() => import("./export/export-page.tsx")),
  },
  trash: {
    title: "Trash",
    group: "project",
    isFor: ({ access }) => access !== null,
    Page: chunk(() => import("./trash/trash-page.tsx")),
  },
  members: {
    title: "Members",
    group: "project",
    isFor: forMembers,
    Page: chunk(() => import("./admin/members-page.tsx")),
  },
  keys: { title: "API keys", group: "project", isFor: forAdmins, Page: chunk(() => import("./admin/keys-page.tsx")) },
  welcome: {
    title: "First steps",
    group: "project",
    isFor: forAdmins,
    Page: chunk(() => import("./admin/welcome-page.tsx")),
  },
  recovery: {
    title: "Recovery",
    group: "library",
    isFor: forOperators,
    Page: chunk(() => import("./recovery/recovery-page.tsx")),
  },
  projects: {
    title: "Projects",
    group: "library",
    isFor: () => true,
    Page: chunk(() => import("./admin/projects-page.tsx")),
  },
  users: { title: "Users", group: "library", isFor: forOperators, Page: chunk(() => import("./admin/users-page.tsx")) },
  audit: {
    title: "Audit log",
    group: "library",
    isFor: (who) => forOperators(who) || forAdmins(who),
    Page: chunk(() => import("./admin/audit-page.tsx")),
  },
  maintenance: {
    title: "Maintenance",
    group: "library",
    isFor: forOperators,
    Page: chunk(() => import("./admin/maintenance-page.tsx")),
  },
  settings: {
    title: "Settings",
    group: "library",
    isFor: forOperators,
    Page: chunk(() => import("./admin/settings-page.tsx")),
  },
  system: {
    title: "System",
    group: "library",
    isFor: forOperators,
    Page: chunk(() => import("./admin/system-page.tsx")),
  },
  profile: { title: "Profile", group: "you", isFor: () => true, Page: chunk(() => import("./admin/profile-page.tsx")) },
};
