/**
 * The command line. Each verb has its file and is loaded on demand; this file only starts.
 *
 * The compile cache is turned on before anything else is loaded: it makes a start of some hundred files twice as fast.
 */
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Not in the system's temporary directory, where someone else could put code in our way. Where it cannot be
// written, there is none.
enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/promptlib", import.meta.url)));
const { run } = await import("./program.ts");
await run(process.argv);
