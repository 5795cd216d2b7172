/** What this program is and which version, from its package.json, which lies two folders up in a clone and in a package. */
import { readFileSync } from "node:fs";

const described = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
  description: string;
};

export const version = described.version;
/** In one sentence. */
export const about = described.description;
