/** Colours and weight of what is printed: on a terminal only, and only for those who did not ask for none. */
export type Style = "strong" | "faint" | "added" | "removed" | "warning" | "critical";
export type Styled = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, string>> = {
  strong: "\u001b[1m",
  faint: "\u001b[2m",
  added: "\u001b[32m",
  removed: "\u001b[31m",
  warning: "\u001b[33m",
  critical: "\u001b[31m",
};

/** https://no-color.org */
export function styledFor(
  stream: { isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Styled {
  if (!stream.isTTY || environment.NO_COLOR || environment.TERM === "dumb") return (_style, text) => text;
  return (style, text) => (text === "" ? "" : `${CODES[style]}${text}\u001b[0m`);
}
