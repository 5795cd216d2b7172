/** Writing a version: its text or messages, its configuration, and whether braces mean something. */
import { useDeferredValue, useId, useMemo, useRef, useState } from "react";
import { contentSize } from "../../prompt/content.ts";
import { templateFaults } from "../../prompt/template.ts";
import { defaultFaults } from "../../prompt/values.ts";
import type { Json } from "../../sdk/index.ts";
import type { Content, Draft } from "./draft.ts";
import { withConfigTyped } from "./half-typed.ts";
import { jsonFault } from "./json-fault.ts";
import { MessagesEditor } from "./messages-editor.tsx";
import { variablesNamed } from "./open-tag.ts";
import { TemplateField } from "./template-field.tsx";
import { VariablesEditor } from "./variables-editor.tsx";
import { countWords } from "./word-count.ts";

type Written = Pick<Draft, "content" | "halfTyped">;

interface EditorProps extends Written {
  project: string;
  onChange(change: Partial<Written>): void;
}

/** Why it cannot be saved as it is, as a sentence; null: it can. */
export function contentFault(content: Content): string | null {
  if (content.text?.trim() === "") return "The text is empty.";
  if (content.messages?.length === 0) return "There is no message yet.";
  const [wrong] = defaultFaults(content.variables);
  if (wrong) return `The default of “${wrong.name}” ${wrong.fault}.`;
  return templateFaults(content).length > 0 ? "The places named above do not parse." : null;
}

export function Editor({ project, content, halfTyped, onChange }: EditorProps) {
  const id = useId();
  const put = (part: Partial<Content>) => onChange({ content: { ...content, ...part } });
  const { text, messages } = content;
  const variables = useNames(content);
  const writing = { project, variables, isTemplate: content.template === "mustache" };
  return (
    <div className="editor">
      {messages ? (
        <MessagesEditor messages={messages} writing={writing} onChange={(changed) => put({ messages: changed })} />
      ) : (
        <div className="field">
          <label htmlFor={`${id}-text`}>Text</label>
          <TemplateField
            {...writing}
            id={`${id}-text`}
            value={text ?? ""}
            rows={10}
            spellCheck
            aria-describedby={id}
            onText={(next) => put({ text: next })}
          />
        </div>
      )}
      <Measure id={id} content={content} />
      <Faults content={content} onVerbatim={() => put({ template: "none" })} />
      {content.template === "none" && (
        <p className="note">
          Braces stay as they are: this text has no variables.{" "}
          <button type="button" className="link" onClick={() => put({ template: "mustache" })}>
            Make it a template
          </button>
        </p>
      )}
      <VariablesEditor
        content={content}
        halfTyped={halfTyped}
        onChange={(variables, half) => onChange({ content: { ...content, variables }, halfTyped: half })}
      />
      <ConfigEditor
        config={content.config}
        halfTyped={halfTyped?.config}
        onChange={(config, half) =>
          onChange({
            content: config ? { ...content, config } : content,
            halfTyped: withConfigTyped(halfTyped, half),
          })
        }
      />
    </div>
  );
}

/** What a variable could be called; what was named once stays known, also while a tag is open in front of it. */
function useNames(content: Content): readonly string[] {
  const known = useRef(new Set<string>());
  return useMemo(() => {
    const texts = content.messages?.map((message) => ("content" in message ? message.content : "")) ?? [
      content.text ?? "",
    ];
    for (const name of [...Object.keys(content.variables), ...texts.flatMap(variablesNamed)]) known.current.add(name);
    return [...known.current];
  }, [content]);
}

function Measure({ id, content }: { id: string; content: Content }) {
  // A letter in a long text is drawn at once, and counted a moment later.
  const counted = useDeferredValue(content);
  const { words, isExact, characters } = useMemo(() => {
    const texts = counted.messages?.map((message) => ("content" in message ? message.content : "")) ?? [
      counted.text ?? "",
    ];
    const all = texts.join("\n");
    return { ...countWords(all), characters: [...all].length };
  }, [counted]);
  const bytes = contentSize(content);
  return (
    <p id={id} className="hint">
      {!isExact && "about "}
      {words.toLocaleString("en")} words, {characters.toLocaleString("en")} characters
      {bytes > 1024 * 1024 && <strong> · larger than the 1 MiB that a version may have</strong>}
      {content.template === "mustache" && (
        <>
          {" "}
          · <code>{"{{name}}"}</code> is a variable, <code>{"{{> other}}"}</code> includes another prompt
        </>
      )}
    </p>
  );
}

function Faults({ content, onVerbatim }: { content: Content; onVerbatim(): void }) {
  const faults = useMemo(() => templateFaults(content), [content]);
  if (faults.length === 0) return null;
  return (
    <div className="failure" role="status">
      <ul>
        {faults.map(({ index, line, column, message }) => (
          <li key={`${index} ${line} ${column}`}>
            {index === null ? "" : `message ${index + 1}, `}line {line}, column {column}: {message}
          </li>
        ))}
      </ul>
      <p className="hint">
        Are the braces meant as they are?{" "}
        <button type="button" className="link" onClick={onVerbatim}>
          Keep braces as plain text
        </button>
      </p>
    </div>
  );
}

interface ConfigEditorProps {
  config: Content["config"];
  halfTyped: string | undefined;
  /** One of both is null: an object was typed, or what is none yet. */
  onChange(config: Content["config"] | null, halfTyped: string | null): void;
}

/** What is typed is kept also while it is no JSON; only an object is taken over. */
function ConfigEditor({ config, halfTyped, onChange }: ConfigEditorProps) {
  const id = useId();
  const [typed, setTyped] = useState(
    () => halfTyped ?? (Object.keys(config).length === 0 ? "" : JSON.stringify(config, null, 2)),
  );
  // Only to begin with: it must not close under who empties it.
  const [isOpen] = useState(typed !== "");
  const parsed = useMemo(() => parseConfig(typed), [typed]);
  return (
    <details className="config" open={isOpen}>
      <summary>Configuration</summary>
      <label className="field">
        <span>Free JSON for your application: model, temperature, …</span>
        <textarea
          className="code"
          rows={4}
          value={typed}
          spellCheck={false}
          placeholder='{ "temperature": 0 }'
          aria-invalid={parsed === null}
          aria-describedby={id}
          onChange={(event) => {
            setTyped(event.target.value);
            const next = parseConfig(event.target.value);
            onChange(next, next ? null : event.target.value);
          }}
        />
      </label>
      <p id={id} className="hint" role="status">
        {parsed === null && `It cannot be saved so: ${jsonFault(typed) ?? "it is no object { … }"}.`}
      </p>
    </details>
  );
}

function parseConfig(typed: string): Record<string, Json> | null {
  if (typed.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(typed);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, Json>)
      : null;
  } catch {
    return null;
  }
}
