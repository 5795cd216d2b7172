/**
 * Many who listen for changes, on raw sockets in one process, so that they cost little beside the server.
 * `listeners.ts URL COUNT KEY…` prints `ready` when all are connected, then {first, last} for each change: when the
 * first and the last was told, in ms since 1970.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

const [target = "", count = "1", ...keys] = process.argv.slice(2);
const url = new URL(target);
/** Connecting at once would measure the queue of the kernel. */
const AT_ONCE = 200;
const wanted = Number(count);
const sockets: Socket[] = [];
let told = 0;
let first = 0;

for (let index = 0; index < wanted; index += AT_ONCE) {
  const more = Array.from({ length: Math.min(AT_ONCE, wanted - index) }, (_, offset) =>
    listen(keys[(index + offset) % keys.length]),
  );
  sockets.push(...(await Promise.all(more)));
}
process.stdout.write("ready\n");
process.once("SIGTERM", () => {
  for (const socket of sockets) socket.destroy();
});

async function listen(key = ""): Promise<Socket> {
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  await once(socket, "connect");
  socket.write(`GET /api/changes HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: Bearer ${key}\r\n\r\n`);
  await ready(socket);
  socket.on("data", (data) => {
    if (data.includes("event: change")) heard();
  });
  return socket;
}

async function ready(socket: Socket): Promise<void> {
  for (let text = ""; !text.includes("event: ready"); ) {
    const [data] = (await once(socket, "data")) as [Buffer];
    text += data.toString("latin1");
    if (!text.startsWith("HTTP/1.1 200")) throw new Error(text);
  }
}

function heard(): void {
  const now = performance.timeOrigin + performance.now();
  if (told === 0) first = now;
  told += 1;
  if (told < wanted) return;
  told = 0;
  process.stdout.write(`${JSON.stringify({ first, last: now })}\n`);
}
