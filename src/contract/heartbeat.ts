/** So often something is sent to those who listen for changes, in seconds. Who hears nothing for longer is cut off. */
export const HEARTBEAT_SECONDS = 15;
