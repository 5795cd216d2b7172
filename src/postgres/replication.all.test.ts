import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../../test/support/cluster.ts";
import { takeBackup } from "../../test/support/replication.ts";
import { until } from "../base/clock.ts";
import { type Account, postgresAccount } from "./account.ts";
import { addBytes, parseLsn, SEGMENT_BYTES, segmentName, segmentStart } from "./lsn.ts";
import { openReplication } from "./replication.ts";

/** Where Debian's package puts it. Skipped where it is not installed; .ci/run installs it. */
const BIN = "/usr/lib/postgresql/15/bin";
const run = promisify(execFile);

interface TcpServer {
  directory: string;
  port: number;
  certificate: string;
  admin(statement: string): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Debian's PostgreSQL on TCP, for others to replicate from over TLS only. */
async function tcpServer(segmentMegabytes = 16): Promise<TcpServer> {
  const account = await postgresAccount(null);
  const as: Partial<Account> = account ? { uid: account.uid, gid: account.gid } : {};
  const directory = await temporaryDirectory();
  const [data, keyFile, certificateFile] = ["data", "key.pem", "certificate.pem"].map((name) => join(directory, name));
  if (!data || !keyFile || !certificateFile) throw new Error("no paths");
  await mkdir(data, { mode: 0o700 });
  await run("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
    ...["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", keyFile, "-out", certificateFile],
  ]);
  for (const path of [directory, data, keyFile]) if (account) await chown(path, account.uid, account.gid);
  const options = { ...as, cwd: data, env: {} };
  const making = ["-D", data, "-U", "postgres", "-A", "trust", "-k", "-N", `--wal-segsize=${segmentMegabytes}`];
  await run(join(BIN, "initdb"), making, options);
  await writeFile(
    join(data, "pg_hba.conf"),
    [
      "local all postgres trust",
      "hostssl replication keyed 127.0.0.1/32 scram-sha-256",
      "hostssl replication trusted 127.0.0.1/32 trust\n",
    ].join("\n"),
  );
  const port = await freePort();
  const settings = {
    ...{ listen_addresses: "127.0.0.1", port: String(port), unix_socket_directories: directory, fsync: "off" },
    ...{ ssl: "on", ssl_cert_file: certificateFile, ssl_key_file: keyFile, password_encryption: "scram-sha-256" },
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(join(BIN, "postgres"), ["-D", data, ...args], { ...options, stdio: "ignore" });
  const exited = once(child, "exit");
  const admin = async (statement: string) => {
    const client = new pg.Client({ host: directory, port, user: "postgres", database: "postgres" });
    client.on("error", () => {});
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  };
  const up = await until(() => admin("select 1").catch(() => null), { timeout: 30_000 });
  if (!up) throw new Error("PostgreSQL did not start");
  await admin("create role keyed login replication password 'the-secret'");
  await admin("create role trusted login replication");
  return {
    directory,
    port,
    certificate: await readFile(certificateFile, "utf8"),
    admin,
    async stop() {
      child.kill("SIGQUIT");
      await exited;
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

describe.skipIf(!existsSync(join(BIN, "postgres")))("Debian's PostgreSQL 15 over TCP and TLS", () => {
  let server: TcpServer;
  const address = () => ({ host: "127.0.0.1", port: server.port });
  const tls = () => ({ ...address(), ssl: { ca: server.certificate } });

  beforeAll(async () => {
    server = await tcpServer();
  });
  afterAll(async () => await server.stop());

  it("gives a base backup, with a password, that pg_verifybackup finds whole", async () => {
    const replication = await openReplication({ ...tls(), user: "keyed", password: "the-secret" }, "promptlib-test");
    const [row] = await server.admin(
      "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'promptlib-test'",
    );
    expect(row?.ssl).toBe(true);
    const backup = await replication.baseBackup({ label: "it's 15", checkpoint: "fast", maxRateKiB: null });
    const { archives, manifest } = await takeBackup(backup);
    await replication.close();
    const directory = join(server.directory, "unpacked");
    await mkdir(directory);
    await writeFile(join(server.directory, "base.tar"), archives.get("base.tar") ?? "");
    await run("tar", ["xf", join(server.directory, "base.tar"), "-C", directory]);
    await writeFile(join(directory, "backup_manifest"), manifest);
    const { stdout } = await run(join(BIN, "pg_verifybackup"), [directory]);
    expect(stdout).toContain("backup successfully verified");
  });

  it("streams its WAL byte for byte to a trusted login", async () => {
    const replication = await openReplication({ ...tls(), user: "trusted" }, "promptlib-test");
    onTestFinished(() => replication.destroy());
    await replication.createSlot("test");
    const slot = await replication.readSlot("test");
    if (!slot?.restart) throw new Error("no slot");
    const start = { timeline: 1, lsn: segmentStart(slot.restart.lsn) };
    const stream = await replication.streamWal({ slot: "test", start });
    await server.admin("create table many as select n, md5(n::text) from generate_series(1, 200000) n");
    const [row] = await server.admin("select pg_current_wal_flush_lsn()::text as lsn");
    const end = parseLsn(String(row?.lsn));
    const parts: Buffer[] = [];
    for (let at = start.lsn; at < end; ) {
      const batch = await stream.receive();
      if (batch.kind !== "wal") throw new Error("the timeline ended");
      for (const piece of batch.pieces) {
        parts.push(piece.bytes);
        at = addBytes(piece.start, piece.bytes.length);
      }
    }
    stream.confirm(end);
    await stream.close();
    const [confirmed] = await server.admin("select restart_lsn::text as lsn from pg_replication_slots");
    expect(parseLsn(String(confirmed?.lsn))).toBe(end);

    const received = Buffer.concat(parts);
    for (let at = 0; at < received.length; at += SEGMENT_BYTES) {
      const name = segmentName({ timeline: 1, lsn: addBytes(start.lsn, at) });
      const file = await readFile(join(server.directory, "data", "pg_wal", name));
      const part = received.subarray(at, at + SEGMENT_BYTES);
      expect(part.equals(file.subarray(0, part.length))).toBe(true);
    }
  });

  it("is refused where its certificate is signed by somebody else, or no TLS is spoken", async () => {
    const foreign = { ...address(), ssl: true, user: "trusted" };
    await expect(openReplication(foreign, "promptlib-test")).rejects.toMatchObject({ code: "replication_failed" });
    const plain = { ...address(), user: "trusted" };
    await expect(openReplication(plain, "promptlib-test")).rejects.toMatchObject({
      code: "replication_failed",
      details: { sqlstate: "28000" },
    });
  });
});

it.skipIf(!existsSync(join(BIN, "postgres")))("a cluster with segments of another size is refused", async () => {
  const server = await tcpServer(64);
  onTestFinished(async () => await server.stop());
  const client = { host: "127.0.0.1", port: server.port, ssl: { ca: server.certificate }, user: "trusted" };
  await expect(openReplication(client, "promptlib-test")).rejects.toMatchObject({
    code: "replication_failed",
    message: expect.stringContaining("segments of 64MB"),
  });
});
