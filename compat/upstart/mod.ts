/** Classic Upstart job files (`.conf`, `.override`; init(5)) and job definitions, there and back. */

export { formatCondition } from "./condition.ts";
export { ParseError } from "./error.ts";
export { convertToConf, formatConf } from "./format.ts";
export { applyOverride, parseConf } from "./parse.ts";
