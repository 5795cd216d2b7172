/** Which page is shown to whom. */
import { Suspense, useEffect, useMemo, useState } from "react";
import type { Identity, PromptlibError } from "../sdk/index.ts";
import { EVERYTHING, type Page, type RoomName } from "./address.ts";
import { forgetAll, noteFailure } from "./calls.ts";
import { useRecoveries } from "./connection.ts";
import { LibraryPage } from "./library/library-page.tsx";
import { forgetListings } from "./library/listing.ts";
import { useListening } from "./listening.ts";
import { Link, useAddress } from "./navigation.tsx";
import { NewPrompt } from "./prompt/new-prompt.tsx";
import { PromptPage } from "./prompt/prompt-page.tsx";
import { ROOMS } from "./rooms.tsx";
import { findSession, useSession } from "./session.ts";
import { Banner } from "./shell/banner.tsx";
import { ErrorBoundary, Failed } from "./shell/error-boundary.tsx";
import { Failure } from "./shell/failure.tsx";
import { Header } from "./shell/header.tsx";
import { Notices } from "./shell/notices.tsx";
import { type Access, accessOf, type RoomProps, useHeadingFocus, useTitle } from "./shell/page.tsx";
import { SignIn } from "./shell/sign-in.tsx";

export function App() {
  const session = useSession();
  const problem = useFirstLook();
  useEffect(() => {
    // Who signs in next may be somebody else.
    if (session.state !== "out") return;
    forgetAll();
    forgetListings();
  }, [session]);
  return (
    <>
      {session.state === "in" ? (
        <Inside identity={session.identity} />
      ) : (
        <>
          <Banner isAtDoor={session.state === "out"} />
          {session.state === "out" && <SignIn ended={session.ended} />}
          {session.state === "unknown" && problem && (
            <main className="narrow">
              <h1>Prompt Library</h1>
              <Failure error={problem} />
            </main>
          )}
        </>
      )}
      <Notices />
    </>
  );
}

/** Who is signed in is asked until somebody answers. */
function useFirstLook(): PromptlibError | null {
  const [problem, setProblem] = useState<PromptlibError | null>(null);
  const recoveries = useRecoveries();
  const known = useSession().state !== "unknown";
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when it may answer again
  useEffect(() => {
    if (known) return;
    findSession().then(
      () => setProblem(null),
      (error) => setProblem(noteFailure(error)),
    );
  }, [recoveries]);
  return problem;
}

function Inside({ identity }: { identity: Identity }) {
  const address = useAddress();
  const { project, page } = address;
  const access = useMemo(() => accessOf(identity, project), [identity, project]);
  const place = placeOf(page);
  const focusHeading = useHeadingFocus(place);
  useListening(access?.project ?? null, identity.changesPlace);
  return (
    <>
      <a className="skip" href="#main">
        To the content
      </a>
      <Header identity={identity} access={access} />
      <Banner />
      <main id="main" className={page.at === "room" ? page.room : page.at}>
        <ErrorBoundary key={place} about={address} instead={<Failed />}>
          {page.at === "room" ? (
            <InRoom
              key={page.room}
              room={page.room}
              identity={identity}
              access={access}
              query={page.query}
              onArrived={focusHeading}
            />
          ) : access ? (
            <Shown access={access} page={page} />
          ) : (
            <NoProject named={project} />
          )}
        </ErrorBoundary>
      </main>
    </>
  );
}

/** Going to another place puts the focus on its heading. */
function placeOf(page: Page): string {
  switch (page.at) {
    case "prompt":
      return `prompt ${page.name}`;
    case "room":
      return `room ${page.room}`;
    default:
      return page.at;
  }
}

/** Its chunk may still be on its way. */
function InRoom({ room, onArrived, ...props }: RoomProps & { room: RoomName; onArrived(): void }) {
  // Kept while one is in it: what is entered anew begins anew.
  const [Page] = useState(() => ROOMS[room].enter());
  return (
    <Suspense fallback={<p role="status">Loading …</p>}>
      <Page {...props} />
      <Arrival onArrived={onArrived} />
    </Suspense>
  );
}

/** Is there as soon as what is beside it is. */
function Arrival({ onArrived }: { onArrived(): void }) {
  useEffect(onArrived, [onArrived]);
  return null;
}

function Shown({ access, page }: { access: Access; page: Exclude<Page, { at: "room" }> }) {
  switch (page.at) {
    case "library":
      // What was chosen in one project must not be done to the namesakes in another.
      return <LibraryPage key={access.project} access={access} filter={page.filter} />;
    case "prompt":
      return (
        <PromptPage
          key={`${access.project} ${page.name}`}
          access={access}
          name={page.name}
          asked={page.version}
          against={page.against ?? null}
        />
      );
    case "new":
      return <NewPrompt key={access.project} access={access} />;
    case "nowhere":
      return <Nowhere />;
  }
}

function Nowhere() {
  useTitle("Not found");
  return (
    <section className="empty">
      <h1 tabIndex={-1}>There is nothing here</h1>
      <Link className="button" to={{ at: "library", filter: EVERYTHING }}>
        To the library
      </Link>
    </section>
  );
}

function NoProject({ named }: { named: string | null }) {
  useTitle("No project");
  return (
    <section className="empty">
      <h1 tabIndex={-1}>{named === null ? "You are in no project" : `You are not in a project ${named}`}</h1>
      <p>
        An owner or admin of a project takes you in: <code>promptlib user role NAME ROLE</code>. If that happened just
        now, reload this page.
      </p>
      {named !== null && (
        <Link className="button" project={null} to={{ at: "library", filter: EVERYTHING }}>
          To your own library
        </Link>
      )}
    </section>
  );
}
