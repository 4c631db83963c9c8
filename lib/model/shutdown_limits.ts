/** The time limits of a shutdown, where no option says otherwise. */

/** After so many seconds of a shutdown what is left of the jobs is killed, on a machine and in a container. */
export const SHUTDOWN_LIMITS = { machine: 90, container: 8 } as const;
