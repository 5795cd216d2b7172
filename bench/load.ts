/**
 * Load on one address over kept-alive connections, on raw sockets, so that the generator costs little.
 * `load.ts URL KEY SECONDS RATE` prints {requests, seconds, p50, p99, highest} (ms) as JSON.
 *
 * With a rate, requests are due at fixed times whether or not answers came, and latency counts from when a request
 * was due: a server that stalls cannot hide it. Rate 0: each connection asks again as soon as it was answered.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

const [target = "", key = "", seconds = "1", rate = "0"] = process.argv.slice(2);
const CONNECTIONS = 32;
const url = new URL(target);
const request = Buffer.from(
  `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: Bearer ${key}\r\n\r\n`,
);

interface Connection {
  socket: Socket;
  due: number;
  received: number;
}

const connections: Connection[] = [];
const idle: Connection[] = [];
const latencies: number[] = [];
let answerLength = 0;

for (let i = 0; i < CONNECTIONS; i++) {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  await once(socket, "connect");
  const connection = { socket, due: 0, received: 0 };
  connections.push(connection);
  idle.push(connection);
}
answerLength = await learnLength();
for (const connection of connections) connection.socket.on("data", (data) => receive(connection, data.length));

const began = performance.now();
const end = began + Number(seconds) * 1000;
await (Number(rate) > 0 ? steady(1000 / Number(rate)) : flatOut());
const took = (performance.now() - began) / 1000;
for (const { socket } of connections) socket.destroy();
latencies.sort((a, b) => a - b);
const at = (part: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))];
process.stdout.write(
  `${JSON.stringify({ requests: latencies.length, seconds: took, p50: at(0.5), p99: at(0.99), highest: at(1) })}\n`,
);

/** Every answer has the same length: the same prompt, and a Date of fixed width. */
async function learnLength(): Promise<number> {
  const { socket } = connections[0] ?? {};
  if (!socket) throw new Error("no connection");
  socket.write(request);
  let text = "";
  for (;;) {
    const [data] = (await once(socket, "data")) as [Buffer];
    text += data.toString("latin1");
    const head = text.indexOf("\r\n\r\n");
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
    if (head < 0 || text.length < head + 4 + length) continue;
    if (!text.startsWith("HTTP/1.1 200")) throw new Error(text.slice(0, head));
    return text.length;
  }
}

function send(connection: Connection, due: number): void {
  connection.due = due;
  connection.received = 0;
  connection.socket.write(request);
}

function receive(connection: Connection, length: number): void {
  connection.received += length;
  if (connection.received < answerLength) return;
  if (connection.received > answerLength) throw new Error("an answer was longer than the first");
  const time = performance.now();
  latencies.push(time - connection.due);
  if (Number(rate) === 0 && time < end) send(connection, time);
  else idle.push(connection);
}

async function flatOut(): Promise<void> {
  for (const connection of idle.splice(0)) send(connection, performance.now());
  while (idle.length < CONNECTIONS) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function steady(interval: number): Promise<void> {
  let due = performance.now();
  while (due < end) {
    const time = performance.now();
    for (; due <= time && due < end; due += interval) {
      const connection = idle.pop();
      if (!connection) break; // it stays due, and its latency grows
      send(connection, due);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  while (idle.length < CONNECTIONS) await new Promise((resolve) => setImmediate(resolve));
}
