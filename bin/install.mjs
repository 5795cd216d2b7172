// Installs the packages of a clone: `runtime` for npm start, `development` for npm test.
// Runs on whatever Node started npm (20 or newer), so it imports nothing but Node.
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = process.argv[2] === "development" ? "development" : "runtime";
const stamps = join(root, "node_modules", ".installed");

const [major] = process.versions.node.split(".").map(Number);
if (major < 20) fail(`Node ${process.versions.node} is too old to install with; Node 20 or newer is needed.`);

const say = (text) => process.stderr.write(text);
const tty = process.stderr.isTTY;
const started = Date.now();
const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
const what =
  wanted === "development"
    ? "Installing the packages that build and test it, too, once"
    : "Installing Prompt Library's packages, once";
say(tty ? `${what} …` : `${what} …\n`);
const tick = tty ? setInterval(() => say(`\r${what} … ${seconds()}`), 500) : undefined;

let printed = "";
// Not `npm ci`: it empties node_modules first, which would pull it from under a running instance, and it fails where
// the registry lacks a package of the lock file's tree that is only for other platforms. `install` takes the versions
// of the lock file too, checks their hashes, and with `--no-save` leaves the file as it is.
const args = [
  "install",
  "--no-save",
  "--package-lock=true",
  ...(wanted === "runtime" ? ["--omit=dev"] : ["--include=dev"]),
  "--include=optional",
  "--ignore-scripts",
  "--engine-strict=false",
  "--loglevel=error",
  "--fetch-retries=1",
  "--no-audit",
  "--no-fund",
];
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package)_/.test(name)));
// npm tells its scripts where it is; outside of npm, the one on the PATH.
const npm = process.env.npm_execpath;
const child = npm
  ? spawn(process.execPath, [npm, ...args], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] })
  : spawn("npm", args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (printed += data));
child.on("error", (error) => fail(`npm could not be run: ${error.message}`));
child.on("close", (code) => {
  clearInterval(tick);
  if (code !== 0) fail(`npm could not install the packages (exit ${code}).\n${printed.trim()}`);
  mkdirSync(stamps, { recursive: true });
  const done = wanted === "development" ? ["runtime", "development"] : ["runtime"];
  for (const name of done) copyFileSync(join(root, "package-lock.json"), join(stamps, `${name}.json`));
  say(tty ? `\r${what} … done in ${seconds()}\n` : `${what} … done in ${seconds()}\n`);
});

function fail(message) {
  clearInterval(tick);
  process.stderr.write(`\npromptlib: ${message}\n`);
  process.stderr.write("           Check that the npm registry can be reached, then run the same command again.\n");
  process.exit(1);
}
