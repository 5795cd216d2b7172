/** What else can be done with a prompt. */
import { useState } from "react";
import type { Prompt } from "../../sdk/index.ts";
import { EVERYTHING } from "../address.ts";
import { useWritesRefused } from "../connection.ts";
import { go } from "../navigation.tsx";
import { Menu } from "../shell/header.tsx";
import type { Access } from "../shell/page.tsx";
import { CopyCode } from "./copy-code.tsx";
import { DuplicatePrompt, MoveToProject, type Next, RenamePrompt, TrashPrompt } from "./deed-dialogs.tsx";

const DEEDS = {
  rename: { title: "Rename or move …", Dialog: RenamePrompt },
  duplicate: { title: "Duplicate …", Dialog: DuplicatePrompt },
  project: { title: "To another project …", Dialog: MoveToProject },
  trash: { title: "To the trash …", Dialog: TrashPrompt },
} as const;

type Deed = keyof typeof DEEDS;

interface PromptMenuProps {
  access: Access;
  prompt: Prompt;
  labels: readonly string[];
}

export function PromptMenu({ access, prompt, labels }: PromptMenuProps) {
  const [open, setOpen] = useState<Deed | "code" | null>(null);
  const refused = useWritesRefused();
  const deeds = (Object.keys(DEEDS) as Deed[]).filter(
    (deed) => access.mayEdit && (deed !== "project" || access.mayAdmin),
  );
  const close = () => setOpen(null);
  const done = (next: Next | null) => {
    close();
    const page = next
      ? ({ at: "prompt", name: next.name, version: null } as const)
      : ({ at: "library", filter: EVERYTHING } as const);
    go({ project: next?.project ?? access.named, page });
  };
  const Asked = open !== null && open !== "code" ? DEEDS[open].Dialog : null;
  return (
    <>
      <Menu title="More">
        <button type="button" onClick={() => setOpen("code")}>
          Copy as code …
        </button>
        {deeds.map((deed) => (
          <button key={deed} type="button" disabled={refused !== null} onClick={() => setOpen(deed)}>
            {DEEDS[deed].title}
          </button>
        ))}
        {access.mayEdit && refused !== null && <p className="hint">{refused}</p>}
      </Menu>
      {open === "code" && <CopyCode prompt={prompt} labels={labels} onClose={close} />}
      {Asked && <Asked prompt={prompt} onClose={close} onDone={done} />}
    </>
  );
}
