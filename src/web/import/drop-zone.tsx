/** Where files and folders are dropped, or chosen with the browser's own dialog. */
import { useEffect, useRef, useState } from "react";
import { chosenFiles, droppedFiles, type GivenFile } from "./files.ts";

interface DropZoneProps {
  project: string;
  isSmall: boolean;
  /** Other files have to wait. */
  isBusy: boolean;
  onFiles(files: GivenFile[]): void;
}

export function DropZone({ project, isSmall, isBusy, onFiles }: DropZoneProps) {
  const [isOver, setOver] = useState(false);
  const [fault, setFault] = useState<"empty" | "unreadable" | null>(null);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  useEffect(() => folder.current?.setAttribute("webkitdirectory", ""), []);
  // Dropped beside it, a file would be opened by the browser in place of the pages.
  useEffect(() => {
    const hold = (event: DragEvent) => event.preventDefault();
    addEventListener("dragover", hold);
    addEventListener("drop", hold);
    return () => {
      removeEventListener("dragover", hold);
      removeEventListener("drop", hold);
    };
  }, []);
  const take = (given: GivenFile[]) => {
    setFault(given.length === 0 ? "empty" : null);
    if (given.length > 0) onFiles(given);
  };
  const chosen = (input: HTMLInputElement) => {
    take(chosenFiles(input.files ?? []));
    // So that the same files can be chosen again, once they were mended.
    input.value = "";
  };
  return (
    <section
      className="drop-zone"
      aria-label="Files"
      data-over={isOver}
      data-small={isSmall}
      onDragOver={() => setOver(!isBusy)}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        if (!isBusy) void droppedFiles(event.dataTransfer).then(take, () => setFault("unreadable"));
      }}
    >
      <p>
        <strong>{isBusy ? "Other files wait until this import is over." : "Drop files or folders here"}</strong>
        {!isSmall && (
          <>
            {" "}
            to bring them into the project <bdi>{project}</bdi>. Nothing is changed before you have seen what would be.
          </>
        )}
      </p>
      <div className="buttons">
        <button type="button" disabled={isBusy} onClick={() => files.current?.click()}>
          Choose files
        </button>
        <button type="button" disabled={isBusy} onClick={() => folder.current?.click()}>
          Choose a folder
        </button>
      </div>
      {!isSmall && (
        <p className="hint">
          CSV lists, fabric, Prompty, Dotprompt, OpenAI and Anthropic requests, LangChain, Langfuse, promptfoo, and
          exports of this library. The format is told by the files.
        </p>
      )}
      {fault === "empty" && <p role="status">There was no file in it.</p>}
      {fault === "unreadable" && <p role="alert">Something in it cannot be read: nothing was taken.</p>}
      <input
        ref={files}
        type="file"
        multiple
        hidden
        aria-label="Files to import"
        onChange={(event) => chosen(event.target)}
      />
      <input ref={folder} type="file" hidden aria-label="Folder to import" onChange={(event) => chosen(event.target)} />
    </section>
  );
}
