/** The commands that read what has happened. One chunk, which is loaded where it is needed alone. */

export { showEvents } from "./events.ts";
export { showLogs } from "./logs.ts";
