/**
 * The pages as they were built (bin/build-pages.ts): files from memory, and one document for every address of theirs,
 * with a nonce of its own in each answer. Registered beside the table of routes; nothing of it is on the way of a fetch.
 */
import { randomBytes } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isErrno } from "../base/files.ts";
import { PromptlibError } from "../contract/errors.ts";
import { NOSNIFF } from "./answer.ts";

/** The same place in a clone and in a package. */
const BUILT = fileURLToPath(new URL("../../dist/web/", import.meta.url));

/** What the pages show at which address is theirs (src/web/address.ts); the rest is not found here either. */
export const PAGE_ADDRESSES = [
  "/",
  "/new",
  "/prompts/*",
  "/import",
  "/export",
  "/trash",
  "/welcome",
  "/members",
  "/keys",
  "/projects",
  "/users",
  "/audit",
  "/maintenance",
  "/settings",
  "/recovery",
  "/system",
  "/profile",
];

const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Of the document; the policy comes with each nonce. */
const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "x-frame-options": "DENY",
} as const;

interface BuiltPages {
  /** With NONCE_OF_THE_ANSWER where that belongs. */
  document: string;
  /** As the file system tells it, in ms. */
  madeAt: number;
  /** By name, as `style-1a2b.css`, and `style-1a2b.css.br` for the compressed one. */
  files: ReadonlyMap<string, Buffer>;
}

export function servePages(app: FastifyInstance, directory = BUILT): void {
  let loaded: BuiltPages | null = null;
  const pages = async ({ current }: { current: boolean }) => {
    if (!loaded || (current && (await isReplaced(directory, loaded)))) loaded = await loadPages(directory);
    if (loaded) return loaded;
    throw new PromptlibError("not_found", {
      message: "The pages are not built; the API works without them.",
      hint: "In a clone, npm start or ./bin/pages builds them.",
    });
  };
  for (const url of PAGE_ADDRESSES)
    app.get(url, async (_request, reply) => sendDocument(reply, await pages({ current: true })));
  app.get("/assets/:file", async (request, reply) => sendFile(request, reply, await pages({ current: false })));
}

/** Whether they were built anew since. In the moment in which a build puts them in place, they were not. */
async function isReplaced(directory: string, { madeAt }: BuiltPages): Promise<boolean> {
  try {
    return (await stat(join(directory, "index.html"))).mtimeMs !== madeAt;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}

/** null: they are not built. */
async function loadPages(directory: string): Promise<BuiltPages | null> {
  try {
    // First: what is replaced while it is read is read again the next time.
    const { mtimeMs } = await stat(join(directory, "index.html"));
    const document = await readFile(join(directory, "index.html"), "utf8");
    const names = await readdir(join(directory, "assets"));
    const read = async (name: string) => [name, await readFile(join(directory, "assets", name))] as const;
    return { document, madeAt: mtimeMs, files: new Map(await Promise.all(names.map(read))) };
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

/** Nothing but what the server itself put into this answer is run, styled or asked. */
function contentPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

function sendDocument(reply: FastifyReply, { document }: BuiltPages): FastifyReply {
  const nonce = randomBytes(18).toString("base64url");
  return reply
    .headers(HEADERS)
    .header(...NOSNIFF)
    .header("content-security-policy", contentPolicy(nonce))
    .send(document.replaceAll("NONCE_OF_THE_ANSWER", nonce));
}

/** The name of a file changes with what is in it, so a browser never asks twice. */
function sendFile(request: FastifyRequest, reply: FastifyReply, { files }: BuiltPages): FastifyReply {
  const { file } = request.params as { file: string };
  const type = TYPES[file.slice(file.lastIndexOf(".") + 1)];
  const plain = files.get(file);
  if (!plain || !type) throw new PromptlibError("not_found", { message: `There is no file ${file} among the pages.` });
  const coding = codingFor(request.headers["accept-encoding"]);
  const coded = coding && files.get(`${file}.${coding === "br" ? "br" : "gz"}`);
  if (coded) void reply.header("content-encoding", coding);
  return reply
    .header(...NOSNIFF)
    .headers({
      "content-type": type,
      "cache-control": "public, max-age=31536000, immutable",
      "cross-origin-resource-policy": "same-origin",
      vary: "accept-encoding",
    })
    .send(coded || plain);
}

function codingFor(accepted: string | string[] | undefined): "br" | "gzip" | null {
  const offered = String(accepted ?? "")
    .split(",")
    .map((part) => part.split(";").map((piece) => piece.trim()))
    .filter(([, weight]) => !/^q=0(\.0*)?$/.test(weight ?? ""))
    .map(([name]) => name);
  return offered.includes("br") ? "br" : offered.includes("gzip") ? "gzip" : null;
}
