/** What values from a file may not be; its readers say so before they take anything out of them. */
import { namesProto, nestedDeeper } from "../../contract/json-values.ts";

/** Settings go through code that calls itself for each level: no more than anyone writes. */
const DEPTH_LIMIT = 64;

export function nestedTooDeep(value: unknown): boolean {
  return nestedDeeper(value, DEPTH_LIMIT);
}

/** A reason; null: there is none. */
export function namesLost(value: unknown): string | null {
  return namesProto(value) ? "a name in it is __proto__, which cannot be kept" : null;
}
