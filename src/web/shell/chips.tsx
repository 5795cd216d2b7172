/** Labels and tags as they are shown everywhere. */

interface LabelChipProps {
  label: string;
  /** Said beside it where the version is not at hand. */
  version?: number;
  isNewest?: boolean;
}

export function LabelChip({ label, version, isNewest = true }: LabelChipProps) {
  return (
    <span className="chip label" data-label={label} data-behind={!isNewest}>
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
