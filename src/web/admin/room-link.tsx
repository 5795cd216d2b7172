/** A way to a room that this build may not have: then nothing. */
import { ROOM_PATHS, type RoomName } from "../address.ts";
import { Link } from "../navigation.tsx";

export function RoomLink({ room, children }: { room: string; children: string }) {
  if (!Object.hasOwn(ROOM_PATHS, room)) return null;
  return (
    <Link className="button" to={{ at: "room", room: room as RoomName, query: {} }}>
      {children}
    </Link>
  );
}
