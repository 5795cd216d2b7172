/** Which file a worker takes next: those that are known to be long come first, so that none is left alone at the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

export const LONG = [
  "test/postgres-15",
  "test/recovery-kills",
  "test/lighthouse",
  "test/pages-admin",
  "test/refusals",
  "src/recovery/receive-server",
  "test/pages-recovery",
  "test/recovery-disk",
  "test/package",
  "test/recovery-damage",
  "test/pages-library",
  "test/pages-drafts",
  "test/pages",
  "test/refused-starts",
  "test/supervisor-adversity",
  "src/recovery/receive-locations",
  "test/pages-prompt",
  "test/faults",
  "test/loop",
  "src/recovery/receive-kill",
  "test/nightly",
  "test/supervisor",
].map((file) => `/${file}.all.test.ts`);

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const at = LONG.findIndex((file) => moduleId.endsWith(file));
  return at < 0 ? LONG.length : at;
}
