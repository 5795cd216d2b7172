/** The messages of a chat prompt: write, order, add, take out. */
import { useEffect, useRef, useState } from "react";
import type { Message } from "../../sdk/index.ts";
import { useIsHere } from "../deed.ts";
import { type Action, say } from "../shell/notices.tsx";
import { moved, useDragging } from "./dragging.ts";
import { TemplateField } from "./template-field.tsx";

let keysMade = 0;
function newKey(): string {
  keysMade += 1;
  return `message ${keysMade}`;
}

function copyOf(message: Message): Action | null {
  if (!("content" in message)) return null;
  return { name: "Copy it", run: () => void navigator.clipboard.writeText(message.content) };
}

const ROLES = ["system", "developer", "user", "assistant", "tool"] as const;

interface MessagesEditorProps {
  messages: readonly Message[];
  writing: { project: string; variables: readonly string[]; isTemplate: boolean };
  onChange(messages: Message[]): void;
}

export function MessagesEditor({ messages, writing, onChange }: MessagesEditorProps) {
  // Each message keeps its key while it moves, so that the focus goes with it.
  const [keys, setKeys] = useState<string[]>(() => messages.map(newKey));
  const known = messages.map((_, index) => keys[index] ?? `new ${index}`);
  const change = (next: Message[], nextKeys: string[]) => {
    setKeys(nextKeys);
    onChange(next);
  };
  const list = useRef<HTMLOListElement>(null);
  const isHere = useIsHere();
  const present = useRef({ messages, known, change });
  useEffect(() => {
    present.current = { messages, known, change };
  });
  const bringBack = (index: number, message: Message, key: string) => {
    const now = present.current;
    if (isHere()) now.change(now.messages.toSpliced(index, 0, message), now.known.toSpliced(index, 0, key));
    else say("The message was not brought back: where it was is not written on any more.", copyOf(message));
  };
  const takeOut = (index: number, message: Message, key: string) => {
    change(messages.toSpliced(index, 1), known.toSpliced(index, 1));
    list.current?.focus({ preventScroll: true });
    say(`Message ${index + 1} is taken out.`, { name: "Undo", run: () => bringBack(index, message, key) });
  };
  const replace = (index: number, message: Message) => change(messages.with(index, message), known);
  const move = (from: number, before: number) => change(moved(messages, from, before), moved(known, from, before));
  const dragging = useDragging(move);
  const dropAt = (index: number) => {
    if (dragging.before === index) return "before";
    return dragging.before === messages.length && index === messages.length - 1 ? "behind" : undefined;
  };
  const add = (message: Message) => change([...messages, message], [...known, newKey()]);
  return (
    <fieldset className="messages-editor">
      <legend>Messages</legend>
      <ol ref={list} className="messages" aria-label="Messages" tabIndex={-1}>
        {messages.map((message, index) => (
          <li
            key={known[index]}
            className="message"
            data-dragged={dragging.from === index}
            data-drop={dropAt(index)}
            {...dragging.place(index)}
          >
            <div className="message-head">
              <OneMessage message={message} number={index + 1} onChange={(next) => replace(index, next)} />
              <span className="message-tools">
                {messages.length > 1 && (
                  <span className="drag-handle" aria-hidden="true" title="Drag to reorder" {...dragging.handle(index)}>
                    ⠿
                  </span>
                )}
                <Tool
                  name={`Move message ${index + 1} up`}
                  sign="↑"
                  off={index === 0}
                  run={() => move(index, index - 1)}
                />
                <Tool
                  name={`Move message ${index + 1} down`}
                  sign="↓"
                  off={index === messages.length - 1}
                  run={() => move(index, index + 2)}
                />
                <Tool
                  name={`Take out message ${index + 1}`}
                  sign="×"
                  off={false}
                  run={() => takeOut(index, message, known[index] ?? "")}
                />
              </span>
            </div>
            {"content" in message && (
              <TemplateField
                {...writing}
                rows={4}
                aria-label={`Message ${index + 1}, ${message.role}`}
                value={message.content}
                onText={(content) => replace(index, { ...message, content })}
              />
            )}
          </li>
        ))}
      </ol>
      <div className="buttons">
        <button type="button" onClick={() => add({ role: messages.length === 0 ? "system" : "user", content: "" })}>
          Add a message
        </button>
        <button type="button" onClick={() => add({ placeholder: "history" })}>
          Add a place for messages
        </button>
      </div>
    </fieldset>
  );
}

function OneMessage({
  message,
  number,
  onChange,
}: {
  message: Message;
  number: number;
  onChange(next: Message): void;
}) {
  if ("placeholder" in message) {
    return (
      <label className="inline-field">
        <span>messages given for</span>
        <input
          value={message.placeholder}
          aria-label={`Name of the messages at place ${number}`}
          onChange={(event) => onChange({ placeholder: event.target.value })}
        />
      </label>
    );
  }
  return (
    <select
      value={message.role}
      aria-label={`Role of message ${number}`}
      onChange={(event) => {
        const role = ROLES.find((known) => known === event.target.value);
        if (role) onChange({ ...message, role });
      }}
    >
      {ROLES.map((role) => (
        <option key={role}>{role}</option>
      ))}
    </select>
  );
}

function Tool({ name, sign, off, run }: { name: string; sign: string; off: boolean; run(): void }) {
  return (
    <button type="button" className="quiet" aria-label={name} title={name} disabled={off} onClick={run}>
      {sign}
    </button>
  );
}
