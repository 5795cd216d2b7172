/** The folders one level down, with how many prompts are below each. */
import { clientOf, noteSource, useLoaded } from "../calls.ts";

interface FoldersProps {
  project: string;
  folder: string | null;
  onOpen(folder: string): void;
}

const SHOWN = 24;

export function Folders({ project, folder, onOpen }: FoldersProps) {
  const { value } = useLoaded(JSON.stringify(["folders", project, folder]), async () =>
    noteSource(await clientOf(project).listFolders({ limit: SHOWN, ...(folder === null ? {} : { folder }) })),
  );
  if (!value || value.items.length === 0) return null;
  return (
    <ul className="folders" aria-label="Folders">
      {value.items.map((one) => (
        <li key={one.folder}>
          <button type="button" className="chip tag" onClick={() => onOpen(one.folder)}>
            <bdi>{one.folder.slice(one.folder.lastIndexOf("/") + 1)}/</bdi>
            <span className="chip-version">{one.prompts.toLocaleString("en")}</span>
          </button>
        </li>
      ))}
      {value.nextCursor !== null && <li className="hint">and {value.total - value.items.length} more</li>}
    </ul>
  );
}
