/** What a file of JSON is, told by its fields. A request with neither mark could be of either provider: then nothing. */
import { isJsonObject } from "../contract/json-values.ts";

type Provider = "openai" | "anthropic";

const models: Readonly<Record<Provider, RegExp>> = { openai: /^(gpt-|chatgpt-|o\d)/, anthropic: /^claude/ };

export function isRequestOf(provider: Provider): (value: unknown) => boolean {
  return (value) => {
    const messages = isJsonObject(value) ? value.messages : value;
    if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isMessage)) return false;
    return marksOf(isJsonObject(value) ? value : {}, messages).has(provider);
  };
}

/** The classic files, and the manifests of its hub, bare or as the hub answers them. */
export function isLangchain(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  if (isJsonObject(value.manifest)) return isLangchain(value.manifest);
  if (value.lc === 1 && Array.isArray(value.id) && isJsonObject(value.kwargs)) return true;
  return typeof value._type === "string" && ["prompt", "few_shot", "chat"].includes(value._type);
}

/** Its export: a list of versions. */
export function isLangfuse(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every(
    (each) => isJsonObject(each) && typeof each.name === "string" && "prompt" in each && "version" in each,
  );
}

function isMessage(value: unknown): value is Record<string, unknown> {
  return isJsonObject(value) && typeof value.role === "string" && "content" in value;
}

/** Only Anthropic's have the system prompt beside the messages; only OpenAI's have it, or a tool, among them. */
function marksOf(request: Record<string, unknown>, messages: readonly Record<string, unknown>[]): Set<Provider> {
  const marks = new Set<Provider>();
  if ("system" in request) marks.add("anthropic");
  if (messages.some(({ role }) => role !== "user" && role !== "assistant")) marks.add("openai");
  for (const provider of ["openai", "anthropic"] as const) {
    if (typeof request.model === "string" && models[provider].test(request.model)) marks.add(provider);
  }
  return marks;
}
