/** What is beside the library: each room is a chunk of its own, loaded when somebody goes there. */
import { type ComponentType, lazy } from "react";
import type { RoomName } from "./address.ts";
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

/** In the order of the menu. */
export const ROOMS: Readonly<Record<RoomName, Room>> = {
  import: {
    title: "Import",
    group: "project",
    isFor: ({ access }) => access?.mayEdit ?? false,
    Page: lazy(() => import("./import/import-page.tsx")),
  },
  export: {
    title: "Export",
    group: "project",
    isFor: ({ access }) => access !== null,
    Page: lazy(() => import("./export/export-page.tsx")),
  },
  trash: {
    title: "Trash",
    group: "project",
    isFor: ({ access }) => access !== null,
    Page: lazy(() => import("./trash/trash-page.tsx")),
  },
  members: {
    title: "Members",
    group: "project",
    isFor: forMembers,
    Page: lazy(() => import("./admin/members-page.tsx")),
  },
  keys: { title: "API keys", group: "project", isFor: forAdmins, Page: lazy(() => import("./admin/keys-page.tsx")) },
  welcome: {
    title: "First steps",
    group: "project",
    isFor: forAdmins,
    Page: lazy(() => import("./admin/welcome-page.tsx")),
  },
  recovery: {
    title: "Recovery",
    group: "library",
    isFor: forOperators,
    Page: lazy(() => import("./recovery/recovery-page.tsx")),
  },
  projects: {
    title: "Projects",
    group: "library",
    isFor: () => true,
    Page: lazy(() => import("./admin/projects-page.tsx")),
  },
  users: { title: "Users", group: "library", isFor: forOperators, Page: lazy(() => import("./admin/users-page.tsx")) },
  audit: {
    title: "Audit log",
    group: "library",
    isFor: (who) => forOperators(who) || forAdmins(who),
    Page: lazy(() => import("./admin/audit-page.tsx")),
  },
  maintenance: {
    title: "Maintenance",
    group: "library",
    isFor: forOperators,
    Page: lazy(() => import("./admin/maintenance-page.tsx")),
  },
  settings: {
    title: "Settings",
    group: "library",
    isFor: forOperators,
    Page: lazy(() => import("./admin/settings-page.tsx")),
  },
  system: {
    title: "System",
    group: "library",
    isFor: forOperators,
    Page: lazy(() => import("./admin/system-page.tsx")),
  },
  profile: { title: "Profile", group: "you", isFor: () => true, Page: lazy(() => import("./admin/profile-page.tsx")) },
};
