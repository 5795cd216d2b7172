/** What is beside the library: each room is a chunk of its own, loaded when somebody goes there. */
import { type ComponentType, lazy } from "react";
import type { RoomName } from "./address.ts";
import type { RoomProps } from "./shell/page.tsx";

export interface Room {
  /** As the menu calls it. */
  title: string;
  /** Whether the menu offers it; the server decides by itself who may what. */
  isFor(props: Pick<RoomProps, "identity" | "access">): boolean;
  Page: ComponentType<RoomProps>;
}

/** In the order of the menu. */
export const ROOMS: Readonly<Record<RoomName, Room>> = {
  system: {
    title: "System",
    isFor: () => true,
    Page: lazy(() => import("./system/system-page.tsx")),
  },
};
