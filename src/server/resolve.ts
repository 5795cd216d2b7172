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
  backend: Pick<Backend, "fetch">,
  project: ProjectRef,
  { refs, etag: known }: ResolveRequest,
  onFetched: (fetched: Answered, ref: Ref) => void,
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

/** `bytes` null: the caller has them. */
type Answered = Omit<Fetched, "bytes"> & { bytes: Buffer | null };

interface Found {
  ref: Ref;
  fetched: Answered | PromptlibError;
}

/** In order, until the answer is full. From there on it is only looked at what the caller may have already. */
async function fetchAll(backend: Pick<Backend, "fetch">, project: ProjectRef, refs: readonly Ref[]): Promise<Found[]> {
  const found: Found[] = [];
  let room = RESOLVE_BYTES;
  for (let first = 0; first < refs.length; first += READ_AT_ONCE) {
    const portion = refs.slice(first, first + READ_AT_ONCE);
    const isFull = room < 0;
    const fetchedNow = await Promise.all(
      portion.map((ref) => (isFull && ref.etag === undefined ? tooLarge() : fetchOne(backend, project, ref))),
    );
    for (const [index, ref] of portion.entries()) {
      const fetched = fetchedNow[index] ?? tooLarge();
      if (!(fetched instanceof PromptlibError) && fetched.bytes) room -= fetched.bytes.length;
      const isLeftOut = room < 0 && !(fetched instanceof PromptlibError) && fetched.bytes !== null;
      found.push({ ref, fetched: isLeftOut ? tooLarge() : fetched });
    }
  }
  return found;
}

function tooLarge(): PromptlibError {
  return new PromptlibError("resolve_too_large");
}

async function fetchOne(
  backend: Pick<Backend, "fetch">,
  project: ProjectRef,
  ref: Ref,
): Promise<Answered | PromptlibError> {
  try {
    const fetched = await backend.fetch(project, normalizeName(ref.name), ref);
    return fetched.etag === ref.etag ? { ...fetched, bytes: null } : fetched;
  } catch (error) {
    if (error instanceof PromptlibError) return error;
    throw error;
  }
}

/** The bytes of a prompt are ready, and are not put together anew. */
function listed(found: readonly Found[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (const { ref, fetched } of found) {
    const name = JSON.stringify(ref.name);
    const before = pieces.length === 0 ? "[" : ",";
    if (fetched instanceof PromptlibError) {
      pieces.push(Buffer.from(`${before}{"name":${name},${JSON.stringify(fetched).slice(1)}`));
      continue;
    }
    const rest = `"etag":${JSON.stringify(fetched.etag)},"renamedTo":${JSON.stringify(fetched.renamedTo)}`;
    pieces.push(Buffer.from(`${before}{"name":${name},${rest},"prompt":`));
    pieces.push(fetched.bytes ?? Buffer.from("null"), Buffer.from("}"));
  }
  return [...pieces, Buffer.from("]")];
}
