import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answering } from "../../test/support/answering.ts";
import { connect } from "./connect.ts";

let home = "";
let server: Awaited<ReturnType<typeof answering>>;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "promptlib-connect-"));
  await mkdir(join(home, "run"));
  // Answers what it was asked, in place of a list.
  server = await answering((request, response) => {
    response.end(
      JSON.stringify({
        items: [request.url, request.headers.authorization ?? null, request.headers["x-promptlib-os-user"] ?? null],
        nextCursor: null,
      }),
    );
  });
});
afterEach(async () => await rm(home, { recursive: true }));

const writeServerFile = (content: string) => writeFile(join(home, "run", "server.json"), content);

describe("without PROMPTLIB_URL", () => {
  it("the server that runs on the home is talked to, as its local operator", async () => {
    await writeServerFile(JSON.stringify({ url: server.url, token: "local-token" }));
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
    await writeServerFile(JSON.stringify({ url: server.url, token: "local-token" }));
    server.stop();
    const { client } = await connect({}, { PROMPTLIB_HOME: home });
    await expect(client.me()).rejects.toMatchObject({ code: "not_running" });
  });
});

describe("with PROMPTLIB_URL", () => {
  it("that server is talked to with the key, whatever the home says", async () => {
    const { client, home: none } = await connect({}, { PROMPTLIB_URL: server.url, PROMPTLIB_API_KEY: "plk_a_b" });
    expect(none).toBeNull();
    expect((await client.listKeys()).items).toEqual(["/api/keys", "Bearer plk_a_b", null]);
  });

  it("a key without it is a fault of the configuration, as is an address that is none", async () => {
    await expect(connect({}, { PROMPTLIB_API_KEY: "k" })).rejects.toMatchObject({ code: "config_invalid" });
    await expect(connect({}, { PROMPTLIB_URL: "library" })).rejects.toMatchObject({ code: "config_invalid" });
  });

  it("a name or password in the address is a fault of the configuration, which shows neither", async () => {
    const given = { PROMPTLIB_URL: "http://ada:correct-horse@127.0.0.1:1/" };
    await expect(connect({}, given)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.not.stringMatching(/ada|horse/),
    });
  });

  it("the project is the one that was asked for, the option before the environment", async () => {
    const asked = async (project: string | undefined, environment: Record<string, string>) => {
      const options = project === undefined ? {} : { project };
      const { client } = await connect(options, { PROMPTLIB_URL: server.url, ...environment });
      return String((await client.listKeys()).items[0]);
    };
    expect(await asked(undefined, {})).toBe("/api/keys");
    expect(await asked(undefined, { PROMPTLIB_PROJECT: "team" })).toBe("/api/keys?project=team");
    expect(await asked("mine", { PROMPTLIB_PROJECT: "team" })).toBe("/api/keys?project=mine");
  });
});
