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
  /** Asked for by whoever enters it: one that did not come is sent for again. */
  enter(): ComponentType<RoomProps>;
}

const forMembers = ({ access }: Who) => access !== null;
const forAdmins = ({ access }: Who) => access?.mayAdmin ?? false;
const forOperators = ({ identity }: Who) => identity.operator;

function chunk(load: () => Promise<{ default: ComponentType<RoomProps> }>): Room["enter"] {
  let page: ComponentType<RoomProps> | null = null;
  const failed = () => {
    page = null;
    return { default: NotArrived };
  };
  return () => {
    page ??= lazy(() => load().catch(failed));
    return page;
  };
}

/** In the order of the menu. */
export const ROOMS: Readonly<Record<RoomName, Room>> = {
  import: {
    title: "Import",
    group: "project",
    isFor: ({ access }) => access?.mayEdit ?? false,
    enter: chunk(() => import("./import/import-page.tsx")),
  },
  export: {
    title: "Export",
    group: "project",
    isFor: ({ access }) => access !== null,
    enter: chunk(() => import("./export/export-page.tsx")),
  },
  trash: {
    title: "Trash",
    group: "project",
    isFor: ({ access }) => access !== null,
    enter: chunk(() => import("./trash/trash-page.tsx")),
  },
  members: {
    title: "Members",
    group: "project",
    isFor: forMembers,
    enter: chunk(() => import("./admin/members-page.tsx")),
  },
  keys: { title: "API keys", group: "project", isFor: forAdmins, enter: chunk(() => import("./admin/keys-page.tsx")) },
  welcome: {
    title: "First steps",
    group: "project",
    isFor: forAdmins,
    enter: chunk(() => import("./admin/welcome-page.tsx")),
  },
  recovery: {
    title: "Recovery",
    group: "library",
    isFor: forOperators,
    enter: chunk(() => import("./recovery/recovery-page.tsx")),
  },
  projects: {
    title: "Projects",
    group: "library",
    isFor: () => true,
    enter: chunk(() => import("./admin/projects-page.tsx")),
  },
  users: {
    title: "Users",
    group: "library",
    isFor: forOperators,
    enter: chunk(() => import("./admin/users-page.tsx")),
  },
  audit: {
    title: "Audit log",
    group: "library",
    isFor: (who) => forOperators(who) || forAdmins(who),
    enter: chunk(() => import("./admin/audit-page.tsx")),
  },
  maintenance: {
    title: "Maintenance",
    group: "library",
    isFor: forOperators,
    enter: chunk(() => import("./admin/maintenance-page.tsx")),
  },
  settings: {
    title: "Settings",
    group: "library",
    isFor: forOperators,
    enter: chunk(() => import("./admin/settings-page.tsx")),
  },
  system: {
    title: "System",
    group: "library",
    isFor: forOperators,
    enter: chunk(() => import("./admin/system-page.tsx")),
  },
  profile: {
    title: "Profile",
    group: "you",
    isFor: () => true,
    enter: chunk(() => import("./admin/profile-page.tsx")),
  },
};
