/** Labels and tags as they are shown everywhere. */

interface LabelChipProps {
  label: string;
  /** Said beside it where the version is not at hand. */
  version?: number;
  isNewest?: boolean;
  /** Onto a version, to move it there. */
  isDraggable?: boolean;
}

/** What is dragged, when it is a label. */
export const LABEL_TYPE = "application/x-promptlib-label";

export function LabelChip({ label, version, isNewest = true, isDraggable = false }: LabelChipProps) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: without a mouse there is the button that moves it
    <span
      className="chip label"
      data-label={label}
      data-behind={!isNewest}
      draggable={isDraggable}
      onDragStart={(event) => event.dataTransfer.setData(LABEL_TYPE, label)}
    >
      {label}
      {version !== undefined && <span className="chip-version">v{version}</span>}
    </span>
  );
}

export function TagChip({ tag, onClick }: { tag: string; onClick?: () => void }) {
  if (!onClick) return <span className="chip tag">{tag}</span>;
  return (
    <button type="button" className="chip tag" onClick={onClick} title={`Only prompts with the tag ${tag}`}>
      {tag}
    </button>
  );
}
