/** What differs between two versions of a prompt: everything that makes a version. */
import type { VersionDiff } from "../contract/diff.ts";
import type { Prompt } from "../contract/shapes.ts";
import { diffMessages } from "./diff-messages.ts";
import { diffText } from "./diff-text.ts";
import { diffValues } from "./diff-values.ts";

export function diffVersions(from: Prompt, to: Prompt): VersionDiff {
  const variables = diffValues(from.variables, to.variables);
  const config = diffValues(from.config, to.config);
  const template = from.template === to.template ? null : { from: from.template, to: to.template };
  const text = to.text === undefined ? null : diffText(from.text ?? "", to.text);
  const messages = to.messages === undefined ? null : diffMessages(from.messages ?? [], to.messages);
  return {
    name: to.name,
    type: to.type,
    from: sideOf(from),
    to: sideOf(to),
    same: !text && !messages && !template && variables.length === 0 && config.length === 0,
    text,
    messages,
    variables,
    config,
    template,
  };
}

function sideOf({ version, author, message, createdAt, contentHash, labels }: Prompt): VersionDiff["from"] {
  return { version, author, message, createdAt, contentHash, labels };
}
