/**
 * The program with a server that does next to nothing, for tests of what runs it. `/` answers its process number,
 * `/slow` takes the request at once and does so after a while. FAKE_REFUSAL: the error that it is refused with after its start.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sleep } from "../../src/base/clock.ts";
import { readConfig } from "../../src/base/config.ts";
import { conclude, run } from "../../src/cli/program.ts";
import { type StartServer, serveProcess } from "../../src/cli/serve-process.ts";
import { isErrorCode, PromptlibError } from "../../src/contract/errors.ts";

const startFake: StartServer = async (config, { socket, onFirstAdmin, onRefused }) => {
  const server = createServer(async (request, response) => {
    if (request.url === "/slow") {
      response.flushHeaders();
      await sleep(1_000);
    }
    response.end(String(process.pid));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    if (socket) server.listen(socket, resolve);
    else server.listen(config.port, config.host, resolve);
  });
  if (process.env.FAKE_ADMIN) onFirstAdmin("admin", process.env.FAKE_ADMIN);
  const refusal = process.env.FAKE_REFUSAL ?? "";
  if (isErrorCode(refusal)) setTimeout(() => onRefused(new PromptlibError(refusal)), 100);
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${port}`,
    share() {},
    async close() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

if (process.argv[2] !== "serve") await run(process.argv);
else {
  await conclude(false, async () => {
    await serveProcess(readConfig(), startFake);
    process.exit(0);
  });
}
