import { accessCalls } from "./access.ts";
import { accountCalls } from "./accounts.ts";
import { auditCalls } from "./audit.ts";
import { changeCalls } from "./changes.ts";
import { exportCalls } from "./export.ts";
import { importCalls } from "./import.ts";
import { labelCalls } from "./labels.ts";
import { promptCalls } from "./prompts.ts";
import { recoveryCalls } from "./recovery.ts";
import { searchCalls } from "./search.ts";
import { systemCalls } from "./system.ts";
import { type ClientOptions, createTransport } from "./transport.ts";

/** One method for each use of the server. Every method throws `PromptlibError` and nothing else. */
export type Client = ReturnType<typeof promptCalls> &
  ReturnType<typeof searchCalls> &
  ReturnType<typeof labelCalls> &
  ReturnType<typeof changeCalls> &
  ReturnType<typeof importCalls> &
  ReturnType<typeof exportCalls> &
  ReturnType<typeof accessCalls> &
  ReturnType<typeof accountCalls> &
  ReturnType<typeof auditCalls> &
  ReturnType<typeof recoveryCalls> &
  ReturnType<typeof systemCalls>;

export function createClient(options: ClientOptions): Client {
  const transport = createTransport(options);
  return {
    ...promptCalls(transport),
    ...searchCalls(transport),
    ...labelCalls(transport),
    ...changeCalls(transport),
    ...importCalls(transport),
    ...exportCalls(transport),
    ...accessCalls(transport),
    ...accountCalls(transport),
    ...auditCalls(transport),
    ...recoveryCalls(transport),
    ...systemCalls(transport),
  };
}
