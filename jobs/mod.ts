/** The jobs that are compiled into the executable: each one's module, by the job's name. */

/** The table; a job ships when it stands here. None ships by default: what runs is the machine's to say. */
export const COMPILED_IN_JOBS: Readonly<Record<string, () => Promise<{ default?: unknown }>>> = {};
