/**
 * The jobs that are compiled into an executable beside those that all have (shipped.ts). The build replaces this module by a
 * table of the modules in the directory that `--jobs` names. As it is, it is used where none was named.
 */

/** Job modules by their names. None is there by default: the machine's own directories say what runs. */
export const COMPILED_IN_JOBS: Readonly<Record<string, () => Promise<{ default?: unknown }>>> = {};
