/** A password nobody has to think up: 100 bits, in letters that are not mistaken for one another. */
const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";

export function makePassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  const letters = [...bytes].map((byte) => LETTERS[byte % LETTERS.length]).join("");
  return (letters.match(/.{5}/g) ?? []).join("-");
}
