/** The runlevels of SysV (runlevel(7)). */

/** The levels in which the machine goes down. */
const DOWN: readonly string[] = ["0", "6"];

/** True for a level in which the machine goes down. */
export function goesDown(level: string): boolean {
  return DOWN.includes(level);
}
