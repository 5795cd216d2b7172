/** What two people made of one version, put together: each place that only one changed, and those where one has to choose. */
import { type MergePiece, mergeTexts } from "../../prompt/merge-text.ts";
import type { Json, Message } from "../../sdk/index.ts";
import { type Content, textOf } from "./draft.ts";

export type Taken = "mine" | "theirs" | "both";
/** By the id of a place, which tells what it is about: a choice about what was written since is none. */
export type Choices = ReadonlyMap<string, Taken>;

export interface MergedText {
  id: string;
  title: string;
  pieces: MergePiece[];
  /** Of the pieces, in their order. */
  placeIds: string[];
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

function mergedText(id: string, title: string, pieces: MergePiece[]): MergedText {
  const said = pieces.map((piece) => JSON.stringify([id, piece]));
  const totals = new Map<string, number>();
  for (const what of said) totals.set(what, (totals.get(what) ?? 0) + 1);
  const seen = new Map<string, number>();
  // Of those that say the same none is known by itself any more as soon as one of them changes.
  const placeIds = said.map((what) => {
    const nth = (seen.get(what) ?? 0) + 1;
    seen.set(what, nth);
    return `${nth}/${totals.get(what)} ${what}`;
  });
  return { id, title, pieces, placeIds };
}

export function mergeContents(base: Content, mine: Content, theirs: Content): Merging {
  const body = mergeBody(base, mine, theirs);
  const fields = (["variables", "config"] as const).map((of) => mergeRecord(of, base[of], mine[of], theirs[of]));
  const [variables, config] = fields;
  const template = mine.template === base.template ? theirs.template : mine.template;
  const values = fields.flatMap((field) => field.values);
  const places = body.texts.flatMap((text) => text.placeIds.filter((_, index) => text.pieces[index]?.by === "both"));
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
    const text = mergedText("text", "Text", mergeTexts(textOf(base), textOf(mine), textOf(theirs)));
    return { texts: [text], build: (choices) => ({ text: joined(text, choices) }) };
  }
  const [was, my, their] = [base.messages, mine.messages, theirs.messages];
  if (isSameShape(was, my) && isSameShape(was, their)) return mergeMessages(was, my, their);
  const whole = mergedText("messages", "Messages", [
    { by: "both", base: textOf(base), mine: textOf(mine), theirs: textOf(theirs) },
  ]);
  const build = (choices: Choices) => {
    const taken = choices.get(whole.placeIds[0] ?? "") ?? "mine";
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
    text: mergedText(
      `message ${index + 1}`,
      `Message ${index + 1}${"role" in message ? `, ${message.role}` : ""}`,
      mergeTexts(said(was[index]), said(message), said(their[index])),
    ),
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
      const taken = choices.get(text.placeIds[index] ?? "") ?? "mine";
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
  const valueId = (key: string) => `${of} ${JSON.stringify([key, ...[mine, theirs].map((side) => shown(side, key))])}`;
  const values: MergedValue[] = [];
  const sides = new Map<string, "mine" | "theirs" | null>();
  for (const key of keys) {
    const [was, my, their] = [base, mine, theirs].map((record) => shown(record, key));
    if (my === their || my === was) sides.set(key, "theirs");
    else if (their === was) sides.set(key, "mine");
    else {
      sides.set(key, null);
      values.push({
        id: valueId(key),
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
        const side = sides.get(key) ?? (choices.get(valueId(key)) === "theirs" ? "theirs" : "mine");
        const record = side === "theirs" ? theirs : mine;
        return Object.hasOwn(record, key) ? [[key, record[key]] as const] : [];
      });
      return Object.fromEntries(taken);
    },
  };
}
