/**
 * Records the picture of the README: runs the commands below on a fresh home and draws what they really printed, when
 * they printed it, as an SVG that plays once. `bin/dev node docs/pictures/record.ts prompts.csv`
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { monotonic, sleep, until } from "../../src/base/clock.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const csv = process.argv[2];
if (!csv) throw new Error("give a prompts.csv to import");

const PATH = process.env.PATH ?? "";
const FETCH = 'curl -i -H "Authorization: Bearer $KEY" $URL/api/prompts/greeting?label=production';
/** One line of the picture: as many words as fit. */
const LINE = /.{1,108}(?=\s|$)|.{1,108}/gu;
/** Of an answer only what matters here; … stands for the rest. */
const SHOWN = String.raw`| grep -iE '^HTTP|^x-served|^[{]' | sed -E 's/("version":[0-9]+).*("text":"[^"]*").*/\1,…,\2,…}/; s/,"hint".*/,…}}/'`;
/** What is typed; `shown` is added where the rest would be too much for a picture. */
const scenes: { typed: string; shown?: string; pause?: number }[] = [
  { typed: "./bin/promptlib import prompts.csv" },
  { typed: "echo 'Hello {{name}}!' | ./bin/promptlib push greeting --label production" },
  { typed: "KEY=$(./bin/promptlib key create my-app --scope write)" },
  { typed: FETCH, shown: SHOWN },
  { typed: 'kill -9 "$(head -n 1 promptlib-home/postgres/data/postmaster.pid)"   # PostgreSQL' },
  { typed: FETCH, shown: SHOWN },
  { typed: 'curl -H "Authorization: Bearer $KEY" $URL/api/prompts --json @next.json', shown: SHOWN, pause: 1500 },
  { typed: "echo 'Hi {{name}}!' | ./bin/promptlib push greeting   # a moment later" },
  { typed: "./bin/promptlib status | head -n 2" },
];

interface Line {
  /** ms from the start. */
  at: number;
  text: string;
  typed: boolean;
}

const directory = await mkdtemp(join(tmpdir(), "promptlib-picture-"));
try {
  await mkdir(join(directory, "bin"));
  await symlink(join(root, "bin/promptlib"), join(directory, "bin/promptlib"));
  await copyFile(csv, join(directory, "prompts.csv"));
  await writeFile(join(directory, "next.json"), '{"name": "greeting", "type": "text", "text": "Hi {{name}}!"}');
  await writeFile(fileURLToPath(new URL("session.svg", import.meta.url)), draw(await record()));
} finally {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

async function record(): Promise<Line[]> {
  const began = monotonic();
  const lines: Line[] = [{ at: 0, text: "./bin/promptlib up", typed: true }];
  const at = () => monotonic() - began;
  let raw = "";
  const add = (data: Buffer) => {
    raw += data;
    for (const text of String(data).trimEnd().split("\n")) lines.push({ at: at(), text: hidden(text), typed: false });
  };
  const up = spawn("./bin/promptlib", ["up"], { cwd: directory, env: { PATH, PORT: "0" } });
  up.stdout.on("data", add);
  const closed = once(up, "close");
  const url = await until(() => /ready at (\S+)/.exec(raw)?.[1], { timeout: 60_000 });
  await until(() => raw.includes("password"), { timeout: 10_000 });
  const shell = spawn("bash", [], { cwd: directory, env: { PATH, URL: String(url), HOME: directory } });
  let heard = "";
  shell.stdout.on("data", (data: Buffer) => {
    heard += data;
    if (!String(data).includes("done-with-it")) return add(data);
    const rest = String(data).replace(/done-with-it\n/, "");
    if (rest.trim() !== "") add(Buffer.from(rest));
  });
  shell.stderr.on("data", (data: Buffer) => add(data));
  for (const { typed, shown, pause } of scenes) {
    lines.push({ at: at(), text: typed, typed: true });
    heard = "";
    shell.stdin.write(`${typed} ${shown ? `-s ${shown}` : ""}\necho done-with-it\n`);
    await until(() => heard.includes("done-with-it"), { timeout: 60_000 });
    if (pause) await sleep(pause);
  }
  shell.stdin.end();
  up.kill("SIGTERM");
  await closed;
  return lines.filter(({ text }) => text.trim() !== "" && !/^importing:|have notes/.test(text));
}

/** The port is whichever was free, the password nobody's business. */
function hidden(text: string): string {
  return text
    .replace(/127\.0\.0\.1:\d+/, "127.0.0.1:8000")
    .replaceAll(directory, "~/prompt-library")
    .replaceAll(join(root, "bin/promptlib"), "./bin/promptlib")
    .replace(/(password +)\S+/, "$1•••••-•••••-•••••-•••••")
    .replace(/\r/g, "");
}

/**
 * Typing and reading take a human some time, so every line waits at least so long after the one before. Where nothing
 * moves (a printed page, a reader's wish) all of it is seen at once; the frame is for pages as dark as the terminal.
 */
function draw(lines: readonly Line[]): string {
  const height = 19;
  let clock = 0;
  let before = 0;
  let y = 39;
  const drawn = lines.flatMap(({ at, text, typed }, index) => {
    clock += Math.max(typed && index > 0 ? 1100 : 60, Math.min(at - before, 1500));
    before = at;
    if (typed && index > 0) y += 7;
    return (typed ? `$ ${text}` : text).match(LINE)?.map((words) => {
      y += height;
      return `<text class="l${typed ? " t" : ""}" x="18" y="${y}" style="animation-delay:${(clock / 1000).toFixed(2)}s">${escaped(words)}</text>`;
    });
  });
  const all = y + height;
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 920 ${all}" width="920" height="${all}" role="img">
<title>Prompt Library at work: recorded by docs/pictures/record.ts</title>
<style>
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#c9d1d9;white-space:pre}
.l{animation:show .01s both}.t{fill:#7ee787}
@keyframes show{from{opacity:0}}
@media (prefers-reduced-motion:reduce){.l{animation:none}}
</style>
<rect x=".5" y=".5" width="919" height="${all - 1}" rx="10" fill="#0d1117" stroke="#3d444d"/>
<circle cx="22" cy="22" r="6" fill="#ff5f57"/><circle cx="42" cy="22" r="6" fill="#febc2e"/><circle cx="62" cy="22" r="6" fill="#28c840"/>
${drawn.join("\n")}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
