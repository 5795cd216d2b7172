/** The name by which an import is told from others of its format; without zod, for pages, too. */
export const IMPORT_SOURCE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const IMPORT_SOURCE_RULE =
  "has 1 to 64 letters, digits, dots, dashes and underscores, and starts with a letter or digit";
