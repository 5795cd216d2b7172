/** Dates for people, in the browser's own zone. */

/** 26 Nov 2026 */
export const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
/** 26 Nov 2026, 01:55 */
export const minute = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
