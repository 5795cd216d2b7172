import { describe, expect, it } from "vitest";
import { browserOf } from "./browser.ts";

const webKit = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const blink = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0";

describe("what a browser says of itself", () => {
  it.each([
    ["Firefox on Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"],
    ["Chrome on Windows", `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${blink} Safari/537.36`],
    ["Edge on Windows", `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${blink} Safari/537.36 Edg/142.0.0.0`],
    ["Opera on macOS", `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${blink} Safari/537.36 OPR/120.0`],
    ["Chrome on Android", `Mozilla/5.0 (Linux; Android 10; K) ${blink} Mobile Safari/537.36`],
    ["Safari on macOS", `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webKit} Version/26.0 Safari/605.1.15`],
    [
      "Safari on iOS",
      `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) ${webKit} Version/26.0 Mobile/15E148 Safari/604.1`,
    ],
    ["Chrome on iOS", `Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) ${webKit} CriOS/142.0 Mobile/15E148 Safari/604.1`],
    ["curl", "curl/8.14.1"],
    ["Node.js", "node"],
    ["python-requests", "python-requests/2.32"],
  ])("%s", (words, userAgent) => {
    expect(browserOf(userAgent)).toBe(words);
  });

  it.each([null, "", "\u001b[31m", "(nothing)"])("%j is nothing to show", (userAgent) => {
    expect(browserOf(userAgent)).toBeNull();
  });
});
