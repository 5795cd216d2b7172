/** What a version says, to be read: variables stand out, line breaks stay. */
import { type ReactNode, useMemo } from "react";
import type { Content } from "./draft.ts";

export function ContentView({ content }: { content: Content }) {
  const isTemplate = content.template === "mustache";
  if (!content.messages) return <Text text={content.text ?? ""} isTemplate={isTemplate} />;
  return (
    <ol className="messages">
      {content.messages.map((message, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a message is its place
        <li key={index} className="message">
          {"placeholder" in message ? (
            <p className="message-role">
              messages given for <code>{message.placeholder}</code>
            </p>
          ) : (
            <>
              <p className="message-role">{message.role}</p>
              <Text text={message.content} isTemplate={isTemplate} />
            </>
          )}
        </li>
      ))}
    </ol>
  );
}

export function Text({ text, isTemplate }: { text: string; isTemplate: boolean }) {
  const pieces = useMemo(() => (isTemplate ? marked(text) : [text]), [text, isTemplate]);
  return (
    // Scrolls by itself, so it can be reached without a mouse.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls takes the focus
    <pre className="prose" dir="auto" tabIndex={0}>
      {pieces}
    </pre>
  );
}

function marked(text: string): ReactNode[] {
  return text.split(/(\{\{\{?[^{}]*\}?\}\})/).map((piece, index) =>
    index % 2 === 0 ? (
      piece
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place
      <mark key={index} className={/^\{\{\s*>/.test(piece) ? "include" : "variable"}>
        {piece}
      </mark>
    ),
  );
}
