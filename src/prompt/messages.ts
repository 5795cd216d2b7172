/**
 * A rendered prompt as model providers want it. What a provider would refuse is refused here, with the message it is
 * about, instead of at the provider, with a status.
 */
import { PromptlibError } from "../contract/errors.ts";
import type { Message } from "../contract/shapes.ts";
import type { Rendered, RenderedMessage } from "./render.ts";
import { Faults } from "./render-fault.ts";
import type { ChatMessage } from "./values.ts";

export type RenderFormat = "text" | "openai" | "anthropic";

export interface AnthropicMessages {
  /** Left out where there is none. */
  system?: string;
  messages: { role: "user" | "assistant"; content: string }[];
}

export type RenderOutput = string | ChatMessage[] | AnthropicMessages;

/** A text is one message of the user. Errors: `render_invalid` for what the provider does not take. */
export function formatRendered(rendered: Rendered, format: RenderFormat): RenderOutput {
  if (format === "text") return "text" in rendered ? rendered.text : transcript(rendered.messages);
  const messages: RenderedMessage[] =
    "text" in rendered
      ? [{ role: "user", content: rendered.text, origin: { index: null, item: null } }]
      : rendered.messages;
  return format === "openai" ? openaiMessages(messages) : anthropicMessages(messages);
}

/** Messages as a text to read: each under its role. */
export function transcript(messages: readonly Message[]): string {
  return messages
    .map((message) => {
      if ("placeholder" in message) return `[messages: ${message.placeholder}]\n`;
      const { role, content } = message;
      return `[${role}]\n${content}${content.endsWith("\n") ? "" : "\n"}`;
    })
    .join("\n");
}

function openaiMessages(messages: readonly RenderedMessage[]): ChatMessage[] {
  const faults = new ProviderFaults();
  for (const message of messages) if (message.role === "tool") faults.add(message, TOOL_FAULT);
  faults.throwAny();
  return messages.map(({ role, content }) => ({ role, content }));
}

/** Both providers tie the result of a tool to the call that asked for it. */
const TOOL_FAULT = "has the role tool, which needs the id of a tool call; a prompt does not hold one";

/**
 * System text stands apart and in front; then user and assistant, in any order. Empty messages are refused, and so is
 * an empty conversation (https://docs.anthropic.com/en/api/messages).
 */
function anthropicMessages(messages: readonly RenderedMessage[]): AnthropicMessages {
  const faults = new ProviderFaults();
  const system: string[] = [];
  const talk: AnthropicMessages["messages"] = [];
  for (const message of messages) {
    const { role, content } = message;
    if (role === "tool") faults.add(message, TOOL_FAULT);
    else if (content.trim() === "") faults.add(message, "is empty, which Anthropic refuses");
    else if (role === "user" || role === "assistant") talk.push({ role, content });
    else if (talk.length === 0) system.push(content);
    else
      faults.add(
        message,
        `has the role ${role} behind the first of the conversation; Anthropic takes it in front alone`,
      );
  }
  if (faults.none && talk.length === 0)
    faults.add(null, "there is no message of user or assistant, which Anthropic demands");
  faults.throwAny();
  return { ...(system.length > 0 ? { system: system.join("\n\n") } : {}), messages: talk };
}

class ProviderFaults {
  readonly #faults = new Faults();

  get none(): boolean {
    return this.#faults.told.length === 0;
  }

  add(message: RenderedMessage | null, fault: string): void {
    if (message === null) this.#faults.add(null, null, fault);
    else {
      const { index, item } = message.origin;
      const spot = { source: { include: null, index, text: "" }, offset: null };
      const which = item === null ? "this message" : `message ${item + 1} of those that were given here`;
      this.#faults.add(spot, null, `${which} ${fault}`);
    }
  }

  throwAny(): void {
    if (!this.none) {
      throw new PromptlibError("render_invalid", {
        message: "The provider would refuse these messages.",
        details: { faults: this.#faults.told },
      });
    }
  }
}
