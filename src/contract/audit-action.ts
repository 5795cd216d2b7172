/** Words with dots or dashes in between: key.create, prompt.put-back. Without zod, for pages, too. */
export const AUDIT_ACTION = /^[a-z]+([.-][a-z]+)*$/;
