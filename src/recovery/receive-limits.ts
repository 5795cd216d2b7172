/** What the receiver allows itself; others only in tests. */
export interface Limits {
  /** Bytes that the spool may have while locations are away. */
  spoolCap: number;
  /** ms from the first byte of a segment until it is ended. */
  switchAfter: number;
  /** ms that a PostgreSQL that shuts down waits for locations that lag. */
  shutdownPatience: number;
  /** ms that `stop` waits for locations. */
  stopPatience: number;
}

export const LIMITS: Limits = {
  spoolCap: 4 * 1024 ** 3,
  switchAfter: 600_000,
  shutdownPatience: 5_000,
  stopPatience: 5_000,
};
