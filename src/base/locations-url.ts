/** The URLs of BACKUP_LOCATIONS: file:///mnt/backup?domain=elsewhere&required=true. Pure. */
import { fileURLToPath } from "node:url";

/**
 * What is lost together with PostgreSQL's disk: `disk` lies on the same, `host` on another disk of this machine,
 * `elsewhere` is what remains when the machine is gone.
 */
export type FailureDomain = "disk" | "host" | "elsewhere";

export interface LocationUrl {
  url: string;
  /** Of the folder, absolute. */
  path: string;
  /** null: not said. */
  domain: FailureDomain | null;
  required: boolean;
}

const DOMAINS: readonly string[] = ["disk", "host", "elsewhere"] satisfies FailureDomain[];

/** What the URL says, or everything that is wrong with it, a sentence each. */
export function parseLocationUrl(text: string): LocationUrl | { faults: string[] } {
  const named = JSON.stringify(withoutSecrets(text));
  if (!URL.canParse(text)) return { faults: [`${named} is no URL, such as file:///mnt/backup?domain=elsewhere`] };
  const url = new URL(text);
  if (["s3:", "azblob:"].includes(url.protocol)) {
    return {
      faults: [`${named}: locations of this kind are not there yet; use file:///…, a mounted share for example`],
    };
  }
  if (url.protocol !== "file:") return { faults: [`${named} must start with file:///`] };
  const path = folderOf(url);
  const faults = [
    ...(path === null ? ["must be file:///, followed by the path of a folder other than /"] : []),
    ...(url.hash === ""
      ? []
      : ["has a # and something behind it, which means nothing here (write %23 for one in a path)"]),
    ...parameterFaults(url.searchParams),
  ];
  if (path === null || faults.length > 0) return { faults: faults.map((fault) => `${named} ${fault}`) };
  const domain = url.searchParams.get("domain");
  return {
    url: text,
    path,
    domain: isDomain(domain) ? domain : null,
    required: url.searchParams.get("required") === "true",
  };
}

function folderOf(url: URL): string | null {
  if (url.host !== "") return null;
  try {
    const path = fileURLToPath(new URL(url.pathname, "file:///"));
    const trimmed = path.replace(/\/+$/, "");
    return trimmed === "" || trimmed.includes("\0") ? null : trimmed;
  } catch {
    return null; // %2F in a path, or a % that means nothing
  }
}

function parameterFaults(parameters: URLSearchParams): string[] {
  return [...new Set(parameters.keys())].flatMap((name) => {
    const values = parameters.getAll(name);
    if (name !== "domain" && name !== "required") return [`has a parameter ${name}; there are domain and required`];
    if (values.length > 1) return [`says ${name} more than once`];
    if (name === "domain") return isDomain(values[0]) ? [] : ["must say domain=disk, domain=host or domain=elsewhere"];
    return ["true", "false"].includes(values[0] ?? "") ? [] : ["must say required=true or required=false"];
  });
}

function isDomain(text: string | null | undefined): text is FailureDomain {
  return typeof text === "string" && DOMAINS.includes(text);
}

/** The text with what may be a password cut out, also where it is no URL at all. */
export function withoutSecrets(text: string): string {
  return withoutUsers(text).replace(/([?&][^=&]*(?:key|secret|password|token|sig)[^=&]*=)[^&]*/gi, "$1…");
}

/** Of each address in the text. */
export function withoutUsers(text: string): string {
  return text.replace(/\/\/[^/?#]*@/g, "//…@");
}
