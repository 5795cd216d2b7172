/** What two people made of one version, put together: each place that only one changed, and those where one has to choose. */
import { type MergePiece, mergeTexts } from "../../prompt/merge-text.ts";
import type { Json, Message } from "../../sdk/index.ts";
import { type Content, textOf } from "./draft.ts";

export type Taken = "mine" | "theirs" | "both";
/** By the id of a place. */
export type Choices = ReadonlyMap<string, Taken>;

export interface MergedText {
  id: string;
  title: string;
  pieces: MergePiece[];
}

/** A variable, a setting: one of both. */
export interface MergedValue {
  id: string;
  title: string;
  mine: string;
  theirs: string;
}

export interface Merging {
  texts: MergedText[];
  values: MergedValue[];
  /** What has to be chosen. */
  open: string[];
  build(choices: Choices): Content;
}

export function placeId(text: MergedText, index: number): string {
  return `${text.id} ${index}`;
}

export function mergeContents(base: Content, mine: Content, theirs: Content): Merging {
  const body = mergeBody(base, mine, theirs);
  const fields = (["variables", "config"] as const).map((of) => mergeRecord(of, base[of], mine[of], theirs[of]));
  const [variables, config] = fields;
  const template = mine.template === base.template ? theirs.template : mine.template;
  const values = fields.flatMap((field) => field.values);
  const places = body.texts.flatMap((text) =>
    text.pieces.flatMap(({ by }, index) => (by === "both" ? [placeId(text, index)] : [])),
  );
  return {
    texts: body.texts,
    values,
    open: [...places, ...values.map(({ id }) => id)],
    build: (choices) => ({
      ...body.build(choices),
      variables: (variables?.build(choices) ?? {}) as Content["variables"],
      config: (config?.build(choices) ?? {}) as Content["config"],
      template,
    }),
  };
}

interface MergedBody {
  texts: MergedText[];
  build(choices: Choices): Pick<Content, "text" | "messages">;
}

function mergeBody(base: Content, mine: Content, theirs: Content): MergedBody {
  if (!mine.messages || !theirs.messages || !base.messages) {
    const text = { id: "text", title: "Text", pieces: mergeTexts(textOf(base), textOf(mine), textOf(theirs)) };
    return { texts: [text], build: (choices) => ({ text: joined(text, choices) }) };
  }
  const [was, my, their] = [base.messages, mine.messages, theirs.messages];
  if (isSameShape(was, my) && isSameShape(was, their)) return mergeMessages(was, my, their);
  const whole: MergedText = {
    id: "messages",
    title: "Messages",
    pieces: [{ by: "both", base: textOf(base), mine: textOf(mine), theirs: textOf(theirs) }],
  };
  const build = (choices: Choices) => {
    const taken = choices.get(placeId(whole, 0)) ?? "mine";
    return { messages: taken === "both" ? [...their, ...my] : taken === "mine" ? my : their };
  };
  return { texts: [whole], build };
}

/** Whether only what messages say was changed. */
function isSameShape(one: readonly Message[], other: readonly Message[]): boolean {
  const shape = (messages: readonly Message[]) =>
    JSON.stringify(messages.map((message) => ("placeholder" in message ? message : message.role)));
  return shape(one) === shape(other);
}

function mergeMessages(was: readonly Message[], my: readonly Message[], their: readonly Message[]): MergedBody {
  const said = (message: Message | undefined) => (message && "content" in message ? message.content : "");
  const merged = my.map((message, index) => ({
    message,
    text: {
      id: `message ${index + 1}`,
      title: `Message ${index + 1}${"role" in message ? `, ${message.role}` : ""}`,
      pieces: mergeTexts(said(was[index]), said(message), said(their[index])),
    },
  }));
  return {
    texts: merged.filter(({ text }) => text.pieces.some(({ by }) => by !== null)).map(({ text }) => text),
    build: (choices) => ({
      messages: merged.map(({ message, text }) =>
        "content" in message ? { ...message, content: joined(text, choices) } : message,
      ),
    }),
  };
}

function joined(text: MergedText, choices: Choices): string {
  return text.pieces
    .map((piece, index) => {
      if (piece.by !== "both") return piece.text;
      const taken = choices.get(placeId(text, index)) ?? "mine";
      return taken === "both" ? bothOf(piece.theirs, piece.mine) : piece[taken];
    })
    .join("");
}

function bothOf(first: string, second: string): string {
  return first === "" || first.endsWith("\n") ? first + second : `${first}\n${second}`;
}

type Values = Readonly<Record<string, unknown>>;

function mergeRecord(of: "variables" | "config", base: Values, mine: Values, theirs: Values) {
  const keys = [...new Set([...Object.keys(theirs), ...Object.keys(mine)])];
  const shown = (record: Values, key: string) =>
    Object.hasOwn(record, key) ? JSON.stringify(record[key] as Json) : "not there";
  const values: MergedValue[] = [];
  const sides = new Map<string, "mine" | "theirs" | null>();
  for (const key of keys) {
    const [was, my, their] = [base, mine, theirs].map((record) => shown(record, key));
    const id = `${of} ${key}`;
    if (my === their || my === was) sides.set(key, "theirs");
    else if (their === was) sides.set(key, "mine");
    else {
      sides.set(key, null);
      values.push({
        id,
        title: of === "config" ? `Setting ${key}` : `Variable ${key}`,
        mine: my ?? "",
        theirs: their ?? "",
      });
    }
  }
  return {
    values,
    build(choices: Choices): Record<string, unknown> {
      const taken = keys.flatMap((key) => {
        const side = sides.get(key) ?? (choices.get(`${of} ${key}`) === "theirs" ? "theirs" : "mine");
        const record = side === "theirs" ? theirs : mine;
        return Object.hasOwn(record, key) ? [[key, record[key]] as const] : [];
      });
      return Object.fromEntries(taken);
    },
  };
}
