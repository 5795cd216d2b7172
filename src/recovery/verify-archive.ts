/** Every byte of a backup's archive, read back and compared with its manifest. */
import { createHash } from "node:crypto";
import { checkArchive } from "./archive-reader.ts";
import { sumsFile } from "./archive-writer.ts";
import { type BackupManifest, backupFolder, type Part, SUMS } from "./layout.ts";
import type { Location } from "./location.ts";
import { problemOf } from "./verify-problem.ts";
import type { VerifyFinding, VerifyOptions } from "./verify-shapes.ts";
import { readObject } from "./wal-upload-objects.ts";

const LARGEST_SUMS = 16 * 1024 * 1024;

export interface ArchiveFindings {
  findings: VerifyFinding[];
  bytes: number;
  files: number;
}

export async function verifyArchive(
  location: Location,
  manifest: BackupManifest,
  { signal, onProgress }: Pick<VerifyOptions, "signal" | "onProgress">,
): Promise<ArchiveFindings> {
  const folder = backupFolder(manifest.id);
  const findings = await verifySums(location, manifest, signal);
  let done = 0;
  const onBytes = (count: number) => {
    done += count;
    onProgress?.({ phase: "archive", done, total: manifest.tar.size });
  };
  try {
    const found = await checkArchive(location, folder, manifest, { onBytes, ...(signal ? { signal } : {}) });
    return { findings, bytes: done, files: found.files };
  } catch (error) {
    const first = problemOf(error);
    // It stopped at the first fault. Which other parts can still be relied on, their sums tell.
    const parts = await verifyParts(location, folder, manifest.parts, signal);
    const known = parts.some(({ object }) => object === first.object);
    if (!known) parts.push({ object: first.object ?? folder, problem: first.problem });
    return { findings: [...findings, ...parts], bytes: done, files: 0 };
  }
}

async function verifySums(location: Location, { id, parts }: BackupManifest, signal?: AbortSignal) {
  const object = `${backupFolder(id)}${SUMS}`;
  try {
    const text = (await readObject(location, object, LARGEST_SUMS, signal)).toString("utf8");
    if (text === sumsFile(parts)) return [];
    return [{ object, problem: "gives other sums than the manifest" }];
  } catch (error) {
    return [{ object, problem: problemOf(error).problem }];
  }
}

async function verifyParts(location: Location, folder: string, parts: readonly Part[], signal?: AbortSignal) {
  const findings: VerifyFinding[] = [];
  for (const { name, size, sha256 } of parts) {
    const object = `${folder}${name}`;
    try {
      const hash = createHash("sha256");
      let length = 0;
      for await (const chunk of await location.get(object, undefined, signal)) {
        hash.update(chunk);
        length += chunk.length;
      }
      if (length !== size) findings.push({ object, problem: `has ${length} bytes in place of ${size}` });
      else if (hash.digest("hex") !== sha256)
        findings.push({ object, problem: "has another SHA-256 than the manifest says" });
    } catch (error) {
      findings.push({ object, problem: problemOf(error).problem });
    }
  }
  return findings;
}
