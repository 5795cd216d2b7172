/** What a value of a setting must be: each answers what is wrong with it, or null. */
import { isIP, isIPv6 } from "node:net";
import { parseLocationUrl } from "./locations-url.ts";

export const oneOf =
  (...values: string[]) =>
  (value: string) =>
    values.includes(value) ? null : `must be one of ${values.join(", ")}`;

export const port = (value: string) =>
  /^\d{1,5}$/.test(value) && Number(value) <= 65535 ? null : "must be a port from 0 to 65535 (0: any free one)";

export const whole = (least: number, most: number) => (value: string) =>
  /^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most
    ? null
    : `must be a whole number from ${least} to ${most}`;

export const url =
  (...protocols: string[]) =>
  (value: string) =>
    URL.canParse(value) && protocols.includes(new URL(value).protocol)
      ? null
      : `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`;

/** Of a server that is asked: names and passwords in it are refused by `fetch`, which repeats them in its errors. */
export const webAddress = (value: string) => {
  const fault = url("http:", "https:")(value);
  if (fault) return fault;
  const { username, password } = new URL(value);
  return username === "" && password === "" ? null : "must hold no user name and no password: they cannot be sent";
};

/** 90s, 90m, 6h or 1d in seconds, or null. */
export function seconds(text: string): number | null {
  const found = /^(\d{1,6})(s|m|h|d)$/.exec(text);
  const unit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };
  return found ? Number(found[1]) * (unit[found[2] ?? ""] ?? 0) : null;
}

export const duration = (least: number) => (value: string) =>
  (seconds(value) ?? 0) >= least ? null : `must be a number with s, m, h or d behind it, at least ${least}s`;

export const longEnough = (least: number) => (value: string) =>
  value.length >= least ? null : `must have at least ${least} characters`;

export const addresses = (value: string) =>
  value.split(",").every((part) => part.trim() === "loopback" || isNetwork(part.trim()))
    ? null
    : "must be IP addresses, networks like 10.0.0.0/8, or loopback, separated by commas";

function isNetwork(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const most = isIPv6(address) ? 128 : 32;
  return more.length === 0 && isIP(address) !== 0 && (bits === undefined || whole(0, most)(bits) === null);
}

/** A name or address; a directory of sockets has no place in the URL that is made of it. */
export const host = (value: string) =>
  isIPv6(value) || /^[a-z0-9_]([a-z0-9._-]{0,253}[a-z0-9_.])?$/i.test(value)
    ? null
    : "must be a host name or an IP address";

export const locations = (value: string) => {
  const faults = listed(value)
    .map(parseLocationUrl)
    .flatMap((result) => ("faults" in result ? result.faults : []));
  return faults.length === 0 ? null : `is not valid: ${faults.join("; ")}`;
};

/** What is separated by commas. */
export function listed(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}

export const hour = (value: string) =>
  value === "off" || /^([01]\d|2[0-3]):[0-5]\d$/.test(value) ? null : "must be a time of the day such as 02:30, or off";

export const absolute = (value: string) => (value.startsWith("/") ? null : "must be an absolute path");
