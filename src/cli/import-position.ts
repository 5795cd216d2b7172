/**
 * How far an import is. What was sent says little, since megabytes wait in the sockets: the lines that the server
 * answers tell how many bytes are dealt with, to within a piece. Pure.
 */

interface Piece {
  path: string;
  /** Number of the line that its first byte is on, and how many line ends it holds. */
  line: number;
  lines: number;
  /** Bytes of the whole import before it. */
  start: number;
  length: number;
}

export interface Position {
  sent(path: string, bytes: Uint8Array): void;
  /** An item that starts at this line is dealt with. */
  answered(path: string, line: number): void;
  /** Bytes dealt with; never goes back. */
  readonly bytes: number;
}

export function startPosition(): Position {
  const waiting: Piece[] = [];
  let path = "";
  let line = 1;
  let total = 0;
  let bytes = 0;
  return {
    sent(sentPath, data) {
      if (sentPath !== path) line = 1;
      path = sentPath;
      const lines = countLineEnds(data);
      waiting.push({ path, line, lines, start: total, length: data.length });
      line += lines;
      total += data.length;
    },
    answered(answeredPath, at) {
      const index = waiting.findIndex((piece) => piece.path === answeredPath && at <= piece.line + piece.lines);
      const piece = waiting[index];
      if (!piece) return;
      waiting.splice(0, index);
      const part = piece.lines === 0 ? 0 : Math.max(0, at - piece.line) / piece.lines;
      bytes = Math.max(bytes, Math.floor(piece.start + part * piece.length));
    },
    get bytes() {
      return bytes;
    },
  };
}

function countLineEnds(data: Uint8Array): number {
  let found = 0;
  for (let at = data.indexOf(10); at !== -1; at = data.indexOf(10, at + 1)) found += 1;
  return found;
}
