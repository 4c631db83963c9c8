/**
 * The jobs that are compiled into the executable. In an executable this module is replaced by the table of the
 * modules that lie beside it, or in the directory that `--jobs` names; here it is what the sources run with.
 */

/** Job modules by their names. None ships by default: what runs is the machine's to say. */
export const COMPILED_IN_JOBS: Readonly<Record<string, () => Promise<{ default?: unknown }>>> = {};
