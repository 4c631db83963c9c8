/** What the commands on jobs show beyond Upstart's. One chunk, which is loaded where it is needed alone. */

export { showList } from "./listing.ts";
export { showStatus } from "./long_status.ts";
export { changeSeveral } from "./several.ts";
