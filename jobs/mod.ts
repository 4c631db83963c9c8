/**
 * The jobs that are compiled into the executable. The build replaces this module by a table of the modules beside it, or
 * in the directory that `--jobs` names. As it is, it is used when the sources run without a build.
 */

/** Job modules by their names. None is there by default: the machine's own directories say what runs. */
export const COMPILED_IN_JOBS: Readonly<Record<string, () => Promise<{ default?: unknown }>>> = {};
