import { expect, it } from "vitest";
import { PromptlibError } from "../contract/errors.ts";
import { whyNotListening } from "./listening-socket.ts";

function told(code: string, host: string, port: number, setting: "PORT" | "GUARDIAN_PORT"): string {
  const why = whyNotListening(Object.assign(new Error(code), { code }), host, port, setting);
  return why instanceof PromptlibError ? `${why.code}: ${why.message} ${why.hint}` : String(why);
}

it("a port that cannot be had is told with the setting that chooses another", () => {
  expect(told("EADDRINUSE", "::1", 8000, "PORT")).toBe(
    "port_in_use: [::1]:8000 is in use by another program. Stop that program, or choose another port with PORT=….",
  );
  expect(told("EADDRINUSE", "127.0.0.1", 8010, "GUARDIAN_PORT")).toMatch(
    /^port_in_use: 127\.0\.0\.1:8010, where the guardian .* GUARDIAN_PORT=…\.$/,
  );
  expect(told("EACCES", "127.0.0.1", 80, "GUARDIAN_PORT")).toMatch(
    /^config_invalid: .*: GUARDIAN_PORT may not .*\(80\)/,
  );
});

it("a host that names no address, or another machine's, is told as that", () => {
  for (const code of ["ENOTFOUND", "EADDRNOTAVAIL"]) {
    expect(told(code, "elsewhere", 8010, "GUARDIAN_PORT")).toMatch(
      /^config_invalid: .*: HOST .* no address.*\(elsewhere/,
    );
  }
});

it("what says nothing about the address stays what it was", () => {
  expect(told("EMFILE", "127.0.0.1", 8000, "PORT")).toBe("Error: EMFILE");
});
