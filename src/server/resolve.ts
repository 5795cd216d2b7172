/** Many prompts in one request: each as its own fetch would answer it, or with the error that its own fetch would have. */
import { createHash } from "node:crypto";
import { PromptlibError } from "../contract/errors.ts";
import { RESOLVE_BYTES, type Ref, type ResolveRequest } from "../contract/resolve.ts";
import type { ProjectRef } from "../library/find.ts";
import { normalizeName } from "../prompt/names.ts";
import type { Backend, Fetched } from "./backend.ts";
import { isToldByMirror } from "./failure.ts";

/** So many are read from the database at once: it has others to answer, too. */
const READ_AT_ONCE = 4;

export interface Resolved {
  body: Buffer;
  etag: string;
  fromMirror: boolean;
}

/** `onFetched`: for each that was found. Errors: those that concern all of them, such as `internal`. */
export async function resolvePrompts(
  backend: Backend,
  project: ProjectRef,
  { refs, etag: known }: ResolveRequest,
  onFetched: (fetched: Fetched, ref: Ref) => void,
): Promise<Resolved> {
  const found = await fetchAll(backend, project, refs);
  for (const { ref, fetched } of found) if (!(fetched instanceof PromptlibError)) onFetched(fetched, ref);
  const hash = createHash("sha256");
  for (const { fetched } of found) hash.update(fetched instanceof PromptlibError ? fetched.code : fetched.etag);
  const etag = `"${hash.digest("base64url").slice(0, 22)}"`;
  const head = `{"project":${JSON.stringify(project.name)},"etag":${JSON.stringify(etag)},"items":`;
  const items = known === etag ? [Buffer.from("null")] : listed(found);
  const fromMirror = found.some(({ fetched }) =>
    fetched instanceof PromptlibError ? isToldByMirror(fetched) : fetched.fromMirror,
  );
  return { body: Buffer.concat([Buffer.from(head), ...items, Buffer.from("}")]), etag, fromMirror };
}

interface Found {
  ref: Ref;
  fetched: Fetched | PromptlibError;
}

async function fetchAll(backend: Backend, project: ProjectRef, refs: readonly Ref[]): Promise<Found[]> {
  const found: Found[] = [];
  const waiting = refs.entries();
  const work = async () => {
    for (const [index, ref] of waiting) found[index] = { ref, fetched: await fetchOne(backend, project, ref) };
  };
  await Promise.all(Array.from({ length: READ_AT_ONCE }, work));
  return found;
}

async function fetchOne(backend: Backend, project: ProjectRef, ref: Ref): Promise<Fetched | PromptlibError> {
  try {
    return await backend.fetch(project, normalizeName(ref.name), ref);
  } catch (error) {
    if (error instanceof PromptlibError) return error;
    throw error;
  }
}

/** The bytes of a prompt are ready, and are not put together anew. */
function listed(found: readonly Found[]): Buffer[] {
  const pieces: Buffer[] = [];
  let size = 0;
  for (const { ref, fetched } of found) {
    const name = JSON.stringify(ref.name);
    const before = pieces.length === 0 ? "[" : ",";
    const isKnown = !(fetched instanceof PromptlibError) && fetched.etag === ref.etag;
    const more = fetched instanceof PromptlibError || isKnown ? 0 : fetched.bytes.length;
    const answer = size + more > RESOLVE_BYTES ? new PromptlibError("resolve_too_large") : fetched;
    if (answer === fetched) size += more;
    if (answer instanceof PromptlibError) {
      pieces.push(Buffer.from(`${before}{"name":${name},${JSON.stringify(answer).slice(1)}`));
      continue;
    }
    const rest = `"etag":${JSON.stringify(answer.etag)},"renamedTo":${JSON.stringify(answer.renamedTo)}`;
    pieces.push(Buffer.from(`${before}{"name":${name},${rest},"prompt":`));
    pieces.push(isKnown ? Buffer.from("null") : answer.bytes, Buffer.from("}"));
  }
  return [...pieces, Buffer.from("]")];
}
