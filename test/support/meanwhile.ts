/** What happens between two statements of somebody else, where tests cannot wait for chance. */
import type { KyselyPlugin, PluginTransformQueryArgs, PluginTransformResultArgs } from "kysely";

/** `deed` is done once, right after the first statement of this kind on this table was answered. */
export function meanwhile(
  kind: "SelectQueryNode" | "InsertQueryNode",
  table: string,
  deed: () => Promise<unknown>,
): KyselyPlugin {
  let awaited: object | null = null;
  let isDone = false;
  return {
    transformQuery({ node, queryId }: PluginTransformQueryArgs) {
      if (!isDone && node.kind === kind && JSON.stringify(node).includes(`"name":"${table}"`)) awaited = queryId;
      return node;
    },
    async transformResult({ result, queryId }: PluginTransformResultArgs) {
      if (isDone || queryId !== awaited) return result;
      isDone = true;
      await deed();
      return result;
    },
  };
}
