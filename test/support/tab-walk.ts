/** Going through a page by Tab: where one comes, and whether one sees it. */
import type { Page } from "playwright-core";

interface Stop {
  name: string;
  /** It looks otherwise than without the focus. */
  isMarked: boolean;
  /** Some of it is in the window. */
  isInView: boolean;
}

/** More than any page here has. */
const MOST = 200;

const LOOK = `(() => {
  const before = new WeakMap();
  const lookOf = (one) => {
    const { outlineStyle, outlineWidth, outlineColor, boxShadow, backgroundColor, borderColor } = getComputedStyle(one);
    const outline = outlineStyle === "none" ? "none" : [outlineStyle, outlineWidth, outlineColor];
    return JSON.stringify([outline, boxShadow, backgroundColor, borderColor]);
  };
  // What scrolls takes the focus without being made for it.
  const isMarked = (one) =>
    before.has(one) ? before.get(one) !== lookOf(one) : getComputedStyle(one).outlineStyle !== "none";
  const note = () => {
    for (const one of document.querySelectorAll("a, button, input, select, textarea, summary, [tabindex]")) {
      if (one !== document.activeElement && !before.has(one)) before.set(one, lookOf(one));
    }
  };
  note();
  const seen = new Set();
  window.lookAtFocus = () => {
    const at = document.activeElement;
    if (at === document.body || seen.has(at)) return null;
    seen.add(at);
    const { width, height, top, left, bottom, right } = at.getBoundingClientRect();
    const stop = {
      name: (at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent).trim() || at.outerHTML,
      isMarked: isMarked(at),
      isInView: width > 0 && height > 0 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth,
    };
    note();
    return stop;
  };
})()`;

/** From the beginning of the page until Tab leaves it. */
export async function tabThrough(page: Page): Promise<Stop[]> {
  // Where the focus was is where Tab would go on.
  await page.evaluate(`(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
  })()`);
  await page.evaluate(LOOK);
  const stops: Stop[] = [];
  while (stops.length < MOST) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate<Stop | null>("window.lookAtFocus()");
    if (!stop) return stops;
    stops.push(stop);
  }
  throw new Error(`Tab went on and on: ${stops.map(({ name }) => name).join(", ")}`);
}
