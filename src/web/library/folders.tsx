/** The folders as a tree, each level loaded when it is opened; the one that is looked at is open with those above it. */
import { memo, useMemo, useState } from "react";
import type { FolderCount } from "../../sdk/index.ts";
import { clientOf, everyItem, useLoaded } from "../calls.ts";
import { useHeardCalmly } from "../listening.ts";

interface FoldersProps {
  project: string;
  /** null: all of them. */
  folder: string | null;
  onOpen(folder: string | null): void;
}

/** From here on one looks for a folder by typing. */
const MANY = 12;

export const Folders = memo(function Folders({ project, folder, onOpen }: FoldersProps) {
  const { value } = useLevel(project, null);
  const [typed, setTyped] = useState("");
  const total = value?.length ?? 0;
  const wanted = useMemo(() => words(typed), [typed]);
  if (!value || (total === 0 && folder === null)) return null;
  return (
    <details className="folders" open={matchMedia("(min-width: 75rem)").matches || undefined}>
      <summary>Folders</summary>
      {total > MANY && (
        <input
          type="search"
          value={typed}
          aria-label="Find a folder"
          placeholder="Find a folder"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
      <ul aria-label="Folders">
        <li>
          <button type="button" className="folder-name" aria-current={folder === null} onClick={() => onOpen(null)}>
            All prompts
          </button>
        </li>
        <Level project={project} folders={value} folder={folder} wanted={wanted} onOpen={onOpen} />
      </ul>
    </details>
  );
});

function words(typed: string): string {
  return typed.trim().toLocaleLowerCase();
}

interface LevelProps extends FoldersProps {
  folders: readonly FolderCount[];
  wanted: string;
}

function Level({ folders, wanted, ...rest }: LevelProps) {
  const shown = wanted === "" ? folders : folders.filter(({ folder }) => folder.toLocaleLowerCase().includes(wanted));
  return (
    <>
      {shown.map((one) => (
        <Branch key={one.folder} one={one} {...rest} />
      ))}
      {wanted !== "" && shown.length === 0 && <li className="hint">No folder is called so.</li>}
    </>
  );
}

function Branch({ one, project, folder, onOpen }: FoldersProps & { one: FolderCount }) {
  const isOnTheWay = folder !== null && (folder === one.folder || folder.startsWith(`${one.folder}/`));
  const [chosen, setChosen] = useState<boolean | null>(null);
  const isOpen = chosen ?? (isOnTheWay && one.folders > 0);
  const leaf = one.folder.slice(one.folder.lastIndexOf("/") + 1);
  return (
    <li>
      <div className="branch">
        {one.folders > 0 ? (
          <button
            type="button"
            className="quiet twist"
            aria-expanded={isOpen}
            aria-label={`Folders in ${leaf}`}
            onClick={() => setChosen(!isOpen)}
          />
        ) : (
          <span className="twist" />
        )}
        <button
          type="button"
          className="folder-name"
          aria-current={folder === one.folder}
          onClick={() => onOpen(one.folder)}
        >
          <bdi>{leaf}/</bdi> <small>{one.prompts.toLocaleString("en")}</small>
        </button>
      </div>
      {isOpen && <Below project={project} parent={one.folder} folder={folder} onOpen={onOpen} />}
    </li>
  );
}

function Below({ parent, ...rest }: FoldersProps & { parent: string }) {
  const { value } = useLevel(rest.project, parent);
  if (!value) return <p className="hint">Loading …</p>;
  return (
    <ul>
      <Level {...rest} folders={value} wanted="" />
    </ul>
  );
}

function useLevel(project: string, parent: string | null) {
  const level = useLoaded(JSON.stringify(["folders", project, parent]), () =>
    everyItem((page) => clientOf(project).listFolders({ ...page, ...(parent === null ? {} : { folder: parent }) })),
  );
  useHeardCalmly(level.reload, level.took);
  return level;
}
