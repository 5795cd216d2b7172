import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";

it("a program goes on to its end when whoever reads its messages goes away", async () => {
  const program = `
    import { endWithReader } from ${JSON.stringify(new URL("./program.ts", import.meta.url).href)};
    endWithReader();
    const notes = setInterval(() => process.stderr.write("note\\n"), 5);
    setTimeout(() => {
      clearInterval(notes);
      process.stdout.write("cleared up");
    }, 300);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  child.stdout.on("data", (data) => (printed += data));
  child.stderr.once("data", () => child.stderr.destroy());
  const [code] = await once(child, "close");
  expect([code, printed]).toEqual([0, "cleared up"]);
});
