/** Reads a backup and the WAL behind it back from one location, and lists everything that is wrong. */
import { PromptlibError } from "../contract/errors.ts";
import { formatLsn, type Lsn, parseLsn } from "../postgres/lsn.ts";
import type { ListedBackup } from "./backups.ts";
import { type Gathered, gatherRecoverable } from "./info-recoverable.ts";
import { type BackupManifest, backupFolder, MANIFEST, walFolder } from "./layout.ts";
import { type Line, lineTo } from "./lineage-line.ts";
import type { Location } from "./location.ts";
import { positionOf } from "./manifest-shapes.ts";
import { spanOf } from "./restore-plan-moments.ts";
import { reachOf } from "./restore-plan-reach.ts";
import { groundOf, presentLine } from "./restore-plan-window.ts";
import { verifyArchive } from "./verify-archive.ts";
import type { VerifyFinding, VerifyOptions, VerifyReport } from "./verify-shapes.ts";
import { verifyWal } from "./verify-wal.ts";

/**
 * Throws `backup_not_found`, `location_unavailable` and `interrupted`; what is wrong with the backup is never thrown.
 */
export async function verifyBackup(location: Location, id: string, options: VerifyOptions): Promise<VerifyReport> {
  const { deep, signal } = options;
  const gathered = await gatherRecoverable([location], { recovery: null, ...(signal ? { signal } : {}) });
  const [away] = gathered.unreachable;
  if (away) throw new PromptlibError("location_unavailable", { message: away.problem, details: away });
  const backup = gathered.backups.find((one) => one.id === id);
  if (!backup) {
    throw new PromptlibError("backup_not_found", { message: `There is no backup ${id} in ${location.name}.` });
  }
  const findings = listingFindings(backup);
  const report: VerifyReport = {
    backup: id,
    location: location.name,
    deep,
    ok: false,
    findings,
    read: { bytes: 0, files: 0, walObjects: 0 },
    walUpTo: null,
  };
  const { manifest } = backup;
  if (manifest) {
    const archive = await verifyArchive(location, manifest, options);
    // What is missing was already seen in the listing.
    const known = new Set(findings.map(({ object }) => object));
    findings.push(...archive.findings.filter(({ object }) => !known.has(object)));
    const wal = await verifyBehind(location, { backup, manifest }, gathered, options);
    findings.push(...wal.findings);
    report.read = { bytes: archive.bytes, files: archive.files, walObjects: wal.objects };
    report.walUpTo = wal.upTo;
  }
  return { ...report, ok: findings.length === 0 };
}

function listingFindings({ id, state, problems }: ListedBackup): VerifyFinding[] {
  const folder = backupFolder(id);
  if (state === "unfinished")
    return [{ object: `${folder}${MANIFEST}`, problem: "is missing: the backup was never finished" }];
  return problems.map(({ object, problem }) => ({ object: `${folder}${object}`, problem }));
}

async function verifyBehind(
  location: Location,
  { backup, manifest }: { backup: ListedBackup; manifest: BackupManifest },
  gathered: Gathered,
  { deep, ...options }: VerifyOptions,
): Promise<{ findings: VerifyFinding[]; objects: number; upTo: string }> {
  const line = lineOf(manifest, gathered);
  const reach = reachOf(line, positionOf(manifest.end), groundOf(line, gathered));
  const attested = backup.attested ? parseLsn(backup.attested.lsn) : null;
  const findings: VerifyFinding[] = [];
  const { gap } = reach;
  const wanted = deep ? gap?.until : attested;
  if (wanted !== null && wanted !== undefined && reach.lsn < wanted) {
    const needs =
      attested !== null && reach.lsn < attested ? `the attested point at ${formatLsn(attested)}` : "what follows";
    findings.push({
      object: walFolder(reach.span),
      problem: `has a gap: WAL is missing from ${formatLsn(reach.lsn)} on${gap ? `, in the segment ${gap.segment}` : ""}, so ${needs} cannot be reached`,
    });
  }
  const from = positionOf(manifest.end);
  const until: Lsn | null = deep ? null : (attested ?? from);
  const wal = await verifyWal(location, line, { from, until }, gathered, options);
  return { findings: [...findings, ...wal.findings], objects: wal.objects, upTo: formatLsn(reach.lsn) };
}

/** The one that counts, if the backup lies on it; else to the end of its own timeline. */
function lineOf(manifest: BackupManifest, gathered: Gathered): Line {
  const { incarnation, systemId } = manifest;
  const { timeline } = manifest.end;
  const end = positionOf(manifest.end);
  const { lineage, histories } = gathered;
  const main = presentLine(gathered);
  if (spanOf(main, incarnation, timeline, end)) return main;
  const life = lineage.lives.get(incarnation) ?? { incarnation, systemId, from: null, since: null, host: null };
  const own = lineTo({ life, timeline }, { lives: lineage.lives, histories });
  if (spanOf(own, incarnation, timeline, end)) return own;
  return [{ incarnation, systemId, timeline, from: parseLsn("0/0"), to: null, since: null }];
}
