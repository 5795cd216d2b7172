/** How the name of a label is typed. The rule is the contract's (`labelName`); the server refuses by it in any case. */
const NAME = "[a-z0-9][a-z0-9._\\-]{0,35}";

export const LABEL_INPUT = {
  pattern: NAME,
  title: "1 to 36 of a-z 0-9 . _ - , beginning with a letter or digit",
  autoCapitalize: "none",
  autoComplete: "off",
  spellCheck: false,
} as const;

export function isLabelName(text: string): boolean {
  return new RegExp(`^(?:${NAME})$`, "v").test(text);
}
