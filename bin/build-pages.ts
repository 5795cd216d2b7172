/**
 * Builds the pages (src/web) into dist/web, each file also compressed, and refuses when a first visit would load more
 * than it may. Beside the old ones first, then in their place: whoever interrupts it leaves nothing half done.
 */
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, gzip, constants as zlib } from "node:zlib";
import { build } from "vite";

/** Bytes, compressed with gzip, of all that is loaded before the first page shows. */
const FIRST_LOAD_LIMIT = 250 * 1024;
const WHAT = "Building the pages";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, "dist/web");
const making = join(root, `dist/.web-${process.pid}`);
const started = Date.now();
const terminal = process.stderr.isTTY;

// Whoever starts it, a test runner say: what is built is what users get.
process.env.NODE_ENV = "production";
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => void rm(making, { recursive: true, force: true }).finally(() => process.exit(130)));
}
say(`${WHAT} …`);
try {
  await bundle();
  await compress();
  const bytes = await firstLoad();
  await putInPlace();
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  say(`${WHAT} … done in ${seconds} s (${Math.round(bytes / 1024)} KB on the first visit)`, true);
} catch (error) {
  await rm(making, { recursive: true, force: true });
  process.stderr.write(
    `\npromptlib: the pages could not be built: ${error instanceof Error ? error.message : error}\n`,
  );
  process.exitCode = 1;
}

function say(text: string, last = false): void {
  process.stderr.write(terminal ? `\r${text}${last ? "\n" : ""}` : `${text}\n`);
}

async function bundle(): Promise<void> {
  await build({
    configFile: false,
    root: join(root, "src/web"),
    logLevel: "error",
    // The server puts a nonce of its own into each answer (src/server/pages.ts).
    html: { cspNonce: "NONCE_OF_THE_ANSWER" },
    build: {
      outDir: making,
      emptyOutDir: true,
      target: "es2024",
      // What the policy forbids: data: addresses, and a script that is written into the document.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      cssCodeSplit: false,
      license: { fileName: "licenses.md" },
    },
  });
}

async function compress(): Promise<void> {
  const names = await readdir(join(making, "assets"));
  await Promise.all(
    names.map(async (name) => {
      const path = join(making, "assets", name);
      const bytes = await readFile(path);
      await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
      const best = { params: { [zlib.BROTLI_PARAM_QUALITY]: 11, [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
      await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, best));
    }),
  );
}

/** Bytes of what the document names: scripts, what they import at once, styles. Throws when it is too much. */
async function firstLoad(): Promise<number> {
  const document = await readFile(join(making, "index.html"), "utf8");
  const named = [...document.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, path]) => path ?? "");
  const sizes = await Promise.all(named.map(async (path) => (await readFile(join(making, `${path}.gz`))).length));
  const bytes = sizes.reduce((sum, size) => sum + size, Buffer.byteLength(document));
  if (bytes <= FIRST_LOAD_LIMIT) return bytes;
  throw new Error(`a first visit would load ${bytes} bytes; at most ${FIRST_LOAD_LIMIT} are allowed.`);
}

/** A server that runs holds the files in memory, so the moment between the two renames is nobody's. */
async function putInPlace(): Promise<void> {
  const old = `${making}-old`;
  await rename(target, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  await rename(making, target);
  await rm(old, { recursive: true, force: true });
}
