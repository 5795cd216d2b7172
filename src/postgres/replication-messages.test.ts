import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fuzz } from "../../test/support/library.ts";
import { lsn, parseLsn } from "./lsn.ts";
import {
  baseBackupCommand,
  decodeBackupMessage,
  decodeWalMessage,
  standbyStatus,
  startReplicationCommand,
} from "./replication-messages.ts";

describe("a message of the stream of WAL", () => {
  it("is read field by field", () => {
    const header = Buffer.from("77" + "0000000003000000" + "0000000103000028" + "0002a5b0c1d2e3f4", "hex");
    expect(decodeWalMessage(Buffer.concat([header, Buffer.from("WAL")]))).toEqual({
      kind: "wal",
      start: parseLsn("0/3000000"),
      serverEnd: parseLsn("1/3000028"),
      view: Buffer.from("WAL"),
    });
    expect(decodeWalMessage(Buffer.from("6b" + "ffffffff00000001" + "0000000000000000" + "01", "hex"))).toEqual({
      kind: "keepalive",
      serverEnd: parseLsn("FFFFFFFF/1"),
      replyRequested: true,
    });
  });

  it("of a later version is let pass", () => {
    expect(decodeWalMessage(Buffer.from("s..."))).toEqual({ kind: "unknown" });
  });
});

it("whatever bytes come, they are understood or refused, and never read beyond their end", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("w", "k", "n", "d", "p", "m", "?", ""),
      fc.uint8Array({ maxLength: 40 }),
      (kind, rest) => {
        const payload = Buffer.concat([Buffer.from(kind), rest]);
        for (const decode of [decodeWalMessage, decodeBackupMessage]) {
          try {
            const message = decode(payload);
            if ("view" in message) expect(message.view.length).toBeLessThan(payload.length);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        }
      },
    ),
    fuzz,
  );
});

describe("a message of a base backup", () => {
  it("names an archive, and where its tablespace lies", () => {
    expect(decodeBackupMessage(Buffer.from("nbase.tar\0\0"))).toEqual({
      kind: "archive",
      name: "base.tar",
      location: "",
    });
    expect(decodeBackupMessage(Buffer.from("n16385.tar\0/srv/ü\0"))).toEqual({
      kind: "archive",
      name: "16385.tar",
      location: "/srv/ü",
    });
  });

  it("of an unknown kind is refused: it could be data", () => {
    expect(() => decodeBackupMessage(Buffer.from("xabc"))).toThrow(/unknown kind, "x"/);
  });
});

it("our status has the layout of the manual, in microseconds since 2000", () => {
  const status = standbyStatus(lsn(0x1_0300_0028n), new Date("2000-01-01T00:00:01.500Z"), true);
  expect(status.toString("hex")).toBe(
    ["64", "00000026", "72", "0000000103000028", "0000000103000028", "0".repeat(16), "000000000016e360", "01"].join(""),
  );
});

describe("a command", () => {
  it("asks for all that a backup needs, and for a rate only where one is set", () => {
    const command = baseBackupCommand({ label: "it's mine", checkpoint: "fast", maxRateKiB: null });
    expect(command).toBe(
      "BASE_BACKUP (LABEL 'it''s mine', PROGRESS, CHECKPOINT 'fast', WAL true, WAIT false, TABLESPACE_MAP true, MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256')",
    );
    expect(baseBackupCommand({ label: "a", checkpoint: "spread", maxRateKiB: 64 })).toContain("MAX_RATE 64");
  });

  it("takes no label that could not be read back", () => {
    expect(() => baseBackupCommand({ label: "a\nb", checkpoint: "fast", maxRateKiB: null })).toThrow(RangeError);
  });

  it("names slot, position and timeline", () => {
    expect(startReplicationCommand('a"b', { timeline: 3, lsn: parseLsn("0/3000000") })).toBe(
      'START_REPLICATION SLOT "a""b" PHYSICAL 0/3000000 TIMELINE 3',
    );
  });
});
