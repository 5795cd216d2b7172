/** Names in an archive: what is unpacked never leaves where it is unpacked to. Pure. */
import { posix } from "node:path";

/** Whether the name is relative and stays below where it begins: checked when written, and again when read. */
export function isInside(name: string): boolean {
  const plain = name.replace(/\/$/, "");
  return plain !== "" && !plain.includes("\0") && plain.split("/").every((part) => !["", ".", ".."].includes(part));
}

/** Whether a symbolic link of this name leads to a place inside of the archive. */
export function linkStaysInside(name: string, target: string): boolean {
  if (target === "" || target.startsWith("/") || target.includes("\0")) return false;
  const place = posix.join(posix.dirname(name.replace(/\/$/, "")), target);
  return place !== ".." && !place.startsWith("../");
}
