/** What tells the runtimes apart for other rooms: those ask for a trait, never for a runtime's name. */

const isBun = "Bun" in globalThis;

/** True where node:fs numbers files by itself, so that descriptors which the process was given have no number there. */
export const NUMBERS_FILES = !isBun;

/** True where `beforeExit` is emitted anew each time that nothing is left to do, so that idleness can be observed. */
export const TELLS_IDLENESS = isBun;

/** True where loading a built-in module changes nothing that other modules can observe. */
export const LOADS_BUILT_INS_QUIETLY = isBun;

/** The schemes of built-in modules, as alternatives of a regular expression. */
export const BUILT_IN_SCHEMES = "node|bun";

/** The global object of the runtime: through it a module can load other modules and do things later. */
export const RUNTIME_GLOBAL = "Bun";

/** True where a rejection that nobody handles is raised as an uncaught exception, as in Node.js. */
export const RAISES_REJECTIONS = !isBun;

/** The message of the error of a server whose port, the first group, is taken, where it is worded otherwise than in Node.js. */
export const PORT_IN_USE = /^Failed to start server\. Is port (\d+) in use\?$/;
