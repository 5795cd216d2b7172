import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fuzz } from "../../test/support/library.ts";
import { readConfig } from "./config.ts";
import { parseLocationUrl } from "./locations-url.ts";

const faultsOf = (url: string) => {
  const result = parseLocationUrl(url);
  return "faults" in result ? result.faults : [];
};

describe("the URL of a location", () => {
  it("names a folder, and may say its failure domain and that it is waited for", () => {
    expect(parseLocationUrl("file:///mnt/backup")).toEqual({
      url: "file:///mnt/backup",
      path: "/mnt/backup",
      domain: null,
      required: false,
    });
    expect(parseLocationUrl("file:///mnt/my%20disk/?domain=elsewhere&required=true")).toMatchObject({
      path: "/mnt/my disk",
      domain: "elsewhere",
      required: true,
    });
    expect(parseLocationUrl("file:/mnt/x?required=false")).toMatchObject({ path: "/mnt/x", required: false });
  });

  const wrong: Record<string, [string, RegExp]> = {
    "is a path": ["/mnt/backup", /is no URL/],
    "is empty": ["", /is no URL/],
    "has two slashes, so that the first folder is a host": ["file://mnt/backup", /followed by the path of a folder/],
    "names the root of everything": ["file:///", /other than \//],
    "has a slash in a name": ["file:///mnt/a%2Fb", /path of a folder/],
    "has a percent sign that means nothing": ["file:///mnt/100%", /path of a folder/],
    "has a NUL": ["file:///mnt/a%00b", /path of a folder/],
    "has a #": ["file:///mnt/a#b", /%23/],
    "is of a store that is not there yet": ["s3://bucket/prefix?endpoint=https://s3.example", /not there yet/],
    "is of another store that is not there yet": ["azblob://account/container", /not there yet/],
    "is of something else": ["ftp://host/backup", /must start with file:\/\/\//],
    "has an unknown domain": ["file:///mnt/a?domain=cloud", /domain=elsewhere/],
    "says required without a yes or no": ["file:///mnt/a?required", /required=true or required=false/],
    "has a parameter that nobody reads": ["file:///mnt/a?requierd=true", /a parameter requierd/],
    "says a thing twice": ["file:///mnt/a?domain=disk&domain=host", /domain more than once/],
  };
  for (const [what, [url, fault]] of Object.entries(wrong)) {
    it(`that ${what} is refused`, () => {
      expect(faultsOf(url)).toEqual([expect.stringMatching(fault)]);
    });
  }

  it("tells all faults at once", () => {
    expect(faultsOf("file:///?domain=x&required=y&z=1#h")).toHaveLength(5);
  });

  it("shows no secret of a URL that is refused", () => {
    for (const url of [
      "s3://id:hunter2@bucket",
      "s3://b?secret_key=hunter2&x=1",
      "nonsense://id:hunter2@b?token=hunter2",
    ])
      expect(faultsOf(url).join()).not.toContain("hunter2");
  });

  it("never throws, whatever is written, and answers an absolute path or a fault", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `file:///${text}`),
        ),
        (text) => {
          const result = parseLocationUrl(text);
          if ("faults" in result) expect(result.faults.length).toBeGreaterThan(0);
          else expect(result.path).toMatch(/^\/[^\0]*[^/\0]$/);
        },
      ),
      fuzz,
    );
  });
});

describe("BACKUP_LOCATIONS", () => {
  it("that is wrong is told at the start, together with everything else that is", () => {
    const environment = { BACKUP_LOCATIONS: "file:///mnt/a, s3://bucket,file:///mnt/b?domain=x", PORT: "x" };
    expect(() => readConfig(environment)).toThrow(
      expect.objectContaining({
        code: "config_invalid",
        details: {
          faults: [
            { setting: "PORT", fault: expect.stringContaining("must be a port") },
            {
              setting: "BACKUP_LOCATIONS",
              fault: expect.stringMatching(/^is not valid: .*not there yet.*; .*domain=disk/),
            },
          ],
        },
      }),
    );
  });

  it("is split at its commas", () => {
    const environment = { BACKUP_LOCATIONS: " file:///mnt/a ,file:///mnt/b?domain=elsewhere," };
    expect(readConfig(environment).backup.locations).toEqual(["file:///mnt/a", "file:///mnt/b?domain=elsewhere"]);
  });
});
