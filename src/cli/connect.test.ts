import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "./connect.ts";

let home = "";
let server: Server;
let url = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "promptlib-connect-"));
  await mkdir(join(home, "run"));
  // Answers what it was asked, in place of a list.
  server = createServer((request, response) => {
    response.end(
      JSON.stringify({
        items: [request.url, request.headers.authorization ?? null, request.headers["x-promptlib-os-user"] ?? null],
        nextCursor: null,
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  url = `http://127.0.0.1:${address.port}`;
});
afterEach(async () => {
  stopServer();
  await rm(home, { recursive: true });
});

function stopServer() {
  server.close();
  server.closeAllConnections();
}

const writeServerFile = (content: string) => writeFile(join(home, "run", "server.json"), content);

describe("without PROMPTLIB_URL", () => {
  it("the server that runs on the home is talked to, as its local operator", async () => {
    await writeServerFile(JSON.stringify({ url, token: "local-token" }));
    const connection = await connect({}, { PROMPTLIB_HOME: home });
    expect(connection.home?.root).toBe(home);
    expect((await connection.client.listKeys()).items).toEqual([
      "/api/keys",
      "Bearer local-token",
      userInfo().username,
    ]);
  });

  it("it is not running when the home tells of no server, or of a torn one", async () => {
    const error = { code: "not_running", message: `No Prompt Library runs on the home ${home}.` };
    await expect(connect({}, { PROMPTLIB_HOME: home })).rejects.toMatchObject(error);
    await expect(connect({}, { PROMPTLIB_HOME: join(home, "none") })).rejects.toMatchObject({ code: "not_running" });
    await writeServerFile('{"url": "http:');
    await expect(connect({}, { PROMPTLIB_HOME: home })).rejects.toMatchObject(error);
  });

  it("it is not running when the file outlived the server", async () => {
    await writeServerFile(JSON.stringify({ url, token: "local-token" }));
    stopServer();
    const { client } = await connect({}, { PROMPTLIB_HOME: home });
    await expect(client.me()).rejects.toMatchObject({ code: "not_running" });
  });
});

describe("with PROMPTLIB_URL", () => {
  it("that server is talked to with the key, whatever the home says", async () => {
    const { client, home: none } = await connect({}, { PROMPTLIB_URL: url, PROMPTLIB_API_KEY: "plk_a_b" });
    expect(none).toBeNull();
    expect((await client.listKeys()).items).toEqual(["/api/keys", "Bearer plk_a_b", null]);
  });

  it("a key without it is a fault of the configuration, as is an address that is none", async () => {
    await expect(connect({}, { PROMPTLIB_API_KEY: "k" })).rejects.toMatchObject({ code: "config_invalid" });
    await expect(connect({}, { PROMPTLIB_URL: "library" })).rejects.toMatchObject({ code: "config_invalid" });
  });

  it("the project is the one that was asked for, the option before the environment", async () => {
    const asked = async (project: string | undefined, environment: Record<string, string>) => {
      const options = project === undefined ? {} : { project };
      const { client } = await connect(options, { PROMPTLIB_URL: url, ...environment });
      return String((await client.listKeys()).items[0]);
    };
    expect(await asked(undefined, {})).toBe("/api/keys");
    expect(await asked(undefined, { PROMPTLIB_PROJECT: "team" })).toBe("/api/keys?project=team");
    expect(await asked("mine", { PROMPTLIB_PROJECT: "team" })).toBe("/api/keys?project=mine");
  });
});
