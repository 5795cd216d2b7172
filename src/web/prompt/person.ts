/** Who did something, as people say it. Pure. */

/** `user:ada` is ada; keys and the local operator (`local:root`) say what they are. */
export function personOf(author: string): string {
  const [kind, ...name] = author.split(":");
  if (kind === "user") return name.join(":");
  return kind === "key" ? `API key ${name.join(":")}` : `${name.join(":")} (on the machine)`;
}
