/** Every object of WAL along a line, read back by itself. */
import { addBytes, type Lsn, lsn, SEGMENT_BYTES, segmentName, segmentStart } from "../postgres/lsn.ts";
import type { Line, Span } from "./lineage-line.ts";
import type { Location } from "./location.ts";
import { type Coverages, larger, smaller } from "./restore-plan-reach.ts";
import { problemOf } from "./verify-problem.ts";
import type { VerifyFinding, VerifyOptions } from "./verify-shapes.ts";
import type { WalPiece } from "./wal-coverage.ts";
import { faultOfFirstPage } from "./wal-reader-page.ts";
import { locationSource } from "./wal-reader-sources.ts";

/** From the segment of `from` to that of `until`; null: to the newest. Also what lies behind a gap. */
export async function verifyWal(
  location: Location,
  line: Line,
  range: { from: Lsn; until: Lsn | null },
  { coverages }: { coverages: Coverages },
  { signal, onProgress }: Pick<VerifyOptions, "signal" | "onProgress">,
): Promise<{ findings: VerifyFinding[]; objects: number }> {
  const source = locationSource(location);
  const pieces = line.flatMap((span) => piecesOn(span, range, coverages).map((piece) => ({ span, piece })));
  const total = pieces.reduce((sum, { piece }) => sum + piece.to - piece.from, 0);
  const findings: VerifyFinding[] = [];
  let done = 0;
  for (const { span, piece } of pieces) {
    const problem = await problemWith(piece, span);
    if (problem !== null) findings.push({ object: piece.object, problem });
    done += piece.to - piece.from;
    onProgress?.({ phase: "wal", done, total });
  }
  return { findings, objects: pieces.length };

  async function problemWith(piece: WalPiece, { systemId, from }: Span): Promise<string | null> {
    try {
      const bytes = await source.read(piece, signal);
      const begins = piece.timeline === 1 ? lsn(0n) : from;
      return piece.from === 0 ? faultOfFirstPage(bytes, { segment: piece.segment, systemId, begins }) : null;
    } catch (error) {
      return problemOf(error).problem;
    }
  }
}

function piecesOn(span: Span, { from, until }: { from: Lsn; until: Lsn | null }, coverages: Coverages): WalPiece[] {
  const coverage = coverages.get(span.incarnation);
  const first = segmentStart(larger(from, span.from));
  const end = until !== null && span.to !== null ? smaller(until, span.to) : (until ?? span.to);
  if (!coverage) return [];
  const segments = new Set<string>();
  for (const range of coverage.ranges(span.timeline)) {
    for (
      let at = larger(segmentStart(range.from), first);
      at < smaller(range.to, end);
      at = addBytes(at, SEGMENT_BYTES)
    ) {
      segments.add(segmentName({ timeline: span.timeline, lsn: at }));
    }
  }
  return [...segments].flatMap((segment) => [...coverage.piecesOf(segment)]);
}
