/** One of a list is dragged to another place in it. Without a mouse there are buttons for that. */
import { type DragEvent, useState } from "react";

/** What is dragged, when it is one of a list of ours. */
const PLACE_TYPE = "application/x-promptlib-place";

/** As `list` is when the one at `from` stands where it was dropped: before the one at `before`, or last. Pure. */
export function moved<T>(list: readonly T[], from: number, before: number): T[] {
  const [one] = list.slice(from, from + 1);
  if (one === undefined) return [...list];
  return list.toSpliced(from, 1).toSpliced(before > from ? before - 1 : before, 0, one);
}

export interface Dragging {
  /** Which one is dragged; null: none is. */
  from: number | null;
  /** Before which one it would be dropped; the number of all: behind the last. */
  before: number | null;
  /** What it is dragged by. */
  handle(index: number): { draggable: true; onDragStart(event: DragEvent): void; onDragEnd(): void };
  /** What it is dropped on. */
  place(index: number): { onDragOver(event: DragEvent): void; onDrop(event: DragEvent): void };
}

export function useDragging(onMove: (from: number, before: number) => void): Dragging {
  const [from, setFrom] = useState<number | null>(null);
  const [before, setBefore] = useState<number | null>(null);
  const end = () => {
    setFrom(null);
    setBefore(null);
  };
  return {
    from,
    before: before === from || before === (from ?? -2) + 1 ? null : before,
    handle: (index) => ({
      draggable: true,
      onDragStart(event) {
        event.dataTransfer.setData(PLACE_TYPE, String(index));
        event.dataTransfer.effectAllowed = "move";
        const whole = event.currentTarget.closest("li");
        if (whole) event.dataTransfer.setDragImage(whole, 0, 0);
        setFrom(index);
      },
      onDragEnd: end,
    }),
    place: (index) => ({
      onDragOver(event) {
        // Of another list, or another window.
        if (from === null || !event.dataTransfer.types.includes(PLACE_TYPE)) return;
        event.preventDefault();
        setBefore(isBelowMiddle(event) ? index + 1 : index);
      },
      onDrop(event) {
        if (from === null || !event.dataTransfer.types.includes(PLACE_TYPE)) return;
        event.preventDefault();
        onMove(from, isBelowMiddle(event) ? index + 1 : index);
        end();
      },
    }),
  };
}

function isBelowMiddle({ currentTarget, clientY }: DragEvent): boolean {
  const { top, height } = currentTarget.getBoundingClientRect();
  return clientY > top + height / 2;
}
