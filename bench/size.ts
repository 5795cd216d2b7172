/** What the packages of a running installation take on the disk. */
import { execFile } from "node:child_process";
import { copyFile, readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { print, remove, root, temporaryDirectory } from "./instance.ts";

const run = promisify(execFile);

export async function benchSize(): Promise<void> {
  const directory = await temporaryDirectory();
  try {
    for (const file of ["package.json", "package-lock.json", ".npmrc"])
      await copyFile(join(root, file), join(directory, file));
    const path = (process.env.PATH ?? "").split(delimiter).filter((entry) => !entry.startsWith(root));
    const flags = ["--no-save", "--omit=dev", "--ignore-scripts", "--engine-strict=false", "--no-audit", "--no-fund"];
    await run("npm", ["install", ...flags], {
      cwd: directory,
      env: { ...process.env, PATH: path.join(delimiter) },
    });
    const modules = join(directory, "node_modules");
    const { stdout } = await run("du", ["-sk", ...(await packagesIn(modules))]);
    const parts = stdout
      .trim()
      .split("\n")
      .map((line) => line.split("\t"))
      .map(([kib, name = ""]) => ({ mib: Number(kib) / 1024, name: name.slice(modules.length + 1) }))
      .sort((a, b) => b.mib - a.mib);
    const total = parts.reduce((sum, { mib }) => sum + mib, 0);
    const large = parts.slice(0, 2);
    const rest = total - large.reduce((sum, { mib }) => sum + mib, 0);
    print("### Size of the installed packages", "", "| package | MiB |", "|---|---|");
    for (const { name, mib } of large) print(`| ${name} | ${mib.toFixed(0)} |`);
    print(
      `| the other ${parts.length - large.length} | ${rest.toFixed(0)} |`,
      `| **together** | **${total.toFixed(0)}** |`,
      "",
    );
  } finally {
    await remove(directory);
  }
}

async function packagesIn(modules: string): Promise<string[]> {
  const names = (await readdir(modules)).filter((name) => !name.startsWith("."));
  const scoped = names.filter((name) => name.startsWith("@"));
  const inner = await Promise.all(
    scoped.map(async (scope) => (await readdir(join(modules, scope))).map((name) => join(scope, name))),
  );
  return [...names.filter((name) => !name.startsWith("@")), ...inner.flat()].map((name) => join(modules, name));
}
