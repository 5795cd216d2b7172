/** How the server and each part of it is. */
import { clientOf, useLoaded } from "../calls.ts";
import { Failure } from "../shell/failure.tsx";
import { type RoomProps, useTitle } from "../shell/page.tsx";

export default function SystemPage({ access }: RoomProps) {
  useTitle("System");
  const { value: health, error } = useLoaded("system health", () =>
    clientOf(access?.project ?? "default").systemHealth(),
  );
  return (
    <>
      <h1 tabIndex={-1}>System</h1>
      {error && <Failure error={error} what="How the server is cannot be said." />}
      {health && <p>{health.message}</p>}
    </>
  );
}
